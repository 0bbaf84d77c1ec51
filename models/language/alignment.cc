// Pieces are aligned first, then the stretches of text that they stand for, then words.
#include "models/language/alignment.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"

namespace viv {
namespace {

// The number of the character that begins at each byte of UTF-8, or goes on there, and how many
// there are, for the end.
std::vector<size_t> CharacterOfBytes(const std::string& utf8) {
  std::vector<size_t> characters;
  size_t count = 0;
  for (const char c : utf8) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++count;
    characters.push_back(count - 1);
  }
  characters.push_back(count);
  return characters;
}

// A source and one of its translations, by their numbers.
struct Pair {
  size_t sentence = 0, rank = 0;
};

// For each piece of a translation the piece of the source that it belongs to, or -1.
// `weights`: for each of its pieces, of each of the source's.
std::vector<int> AlignPieces(const std::vector<int32_t>& source, const std::vector<int32_t>& target,
                             const std::vector<int32_t>& symbols,
                             const std::vector<std::vector<float>>& weights) {
  std::map<int32_t, std::deque<int>> copied;
  for (size_t s = 0; s < source.size(); ++s) {
    if (std::find(symbols.begin(), symbols.end(), source[s]) != symbols.end()) {
      copied[source[s]].push_back(static_cast<int>(s));
    }
  }
  std::vector<int> aligned;
  for (size_t t = 0; t < target.size(); ++t) {
    if (const auto copy = copied.find(target[t]); copy != copied.end() && !copy->second.empty()) {
      aligned.push_back(copy->second.front());
      copy->second.pop_front();
      continue;
    }
    const std::vector<float>& row = weights[t];
    const auto most = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
    const bool end = most + 1 == static_cast<int>(source.size());
    aligned.push_back(end ? -1 : most);
  }
  return aligned;
}

// The text of a translation with words of the source in place of unknown ones, whose spans move.
std::string CopyUnknown(const Tokenizer& tokenizer, const SourceSentence& source,
                        const std::vector<PieceSpan>& of_source, const std::vector<int32_t>& tokens,
                        const std::vector<std::vector<float>>& weights,
                        const std::vector<int32_t>& symbols, const std::string& text,
                        std::vector<PieceSpan>* of_target) {
  std::string copied;
  for (size_t t = 0; t < of_target->size(); ++t) {
    PieceSpan& span = (*of_target)[t];
    std::string piece = text.substr(span.begin, span.end - span.begin);
    if (tokens[t] == tokenizer.unknown()) {
      // Neither the end nor what is copied anyway.
      int most = -1;
      for (int s = 0; s < static_cast<int>(of_source.size()); ++s) {
        const bool symbol =
            std::find(symbols.begin(), symbols.end(), source.pieces[s]) != symbols.end();
        if (!symbol && (most < 0 || weights[t][s] > weights[t][most])) most = s;
      }
      if (most >= 0) {
        const PieceSpan& from = of_source[most];
        const bool space = absl::StartsWith(piece, " ");
        piece =
            absl::StrCat(space ? " " : "", absl::StripAsciiWhitespace(source.masked.text().substr(
                                               from.begin, from.end - from.begin)));
      }
    }
    span.begin = copied.size();
    copied += piece;
    span.end = copied.size();
  }
  return copied;
}

absl::Status AlignOne(const Tokenizer& tokenizer, const TextCopier& copier,
                      const TranslateOptions& options, const SourceSentence& source,
                      const std::vector<std::vector<float>>& weights, Translation* translation) {
  const std::string& masked = source.masked.text();
  ASSIGN_OR_RETURN(const std::vector<PieceSpan> of_source, tokenizer.EncodeSpans(masked));
  ASSIGN_OR_RETURN(std::vector<PieceSpan> of_target, tokenizer.DecodeSpans(translation->tokens));
  ASSIGN_OR_RETURN(std::string text, tokenizer.Decode(translation->tokens));
  if (options.copy_unknown && tokenizer.unknown() >= 0) {
    text = CopyUnknown(tokenizer, source, of_source, translation->tokens, weights,
                       copier.symbol_pieces(), text, &of_target);
  }
  std::vector<size_t> positions;
  translation->text = source.masked.Restore(text, &positions);
  if (!options.align) return absl::OkStatus();
  const std::vector<size_t> source_characters = CharacterOfBytes(masked);
  const std::vector<size_t> target_characters = CharacterOfBytes(text);
  const std::vector<int> aligned =
      AlignPieces(source.pieces, translation->tokens, copier.symbol_pieces(), weights);
  for (size_t t = 0; t < aligned.size() && t < of_target.size(); ++t) {
    if (aligned[t] < 0 || aligned[t] >= static_cast<int>(of_source.size())) continue;
    const PieceSpan &from = of_source[aligned[t]], &to = of_target[t];
    translation->alignment.push_back({source.masked.Origin(source_characters[from.begin]),
                                      source.masked.Origin(source_characters[from.end]),
                                      positions[target_characters[to.begin]],
                                      positions[target_characters[to.end]]});
  }
  return absl::OkStatus();
}

// [begin, end) of the words of a text.
std::vector<std::pair<size_t, size_t>> FindWords(const Points& text) {
  std::vector<std::pair<size_t, size_t>> words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && !IsSpace(text[end])) ++end;
    if (end > i) words.emplace_back(i, end);
    i = end + 1;
  }
  return words;
}

// The numbers of the words that share characters with [begin, end): [first, second).
std::pair<int, int> WordsIn(const std::vector<std::pair<size_t, size_t>>& words, size_t begin,
                            size_t end) {
  const auto first = std::partition_point(words.begin(), words.end(),
                                          [&](const auto& w) { return w.second <= begin; });
  const auto last =
      std::partition_point(first, words.end(), [&](const auto& w) { return w.first < end; });
  return {static_cast<int>(first - words.begin()), static_cast<int>(last - words.begin())};
}

}  // namespace

absl::Status AlignTranslations(Session& session, const Seq2SeqDecoder& decoder,
                               const Tokenizer& tokenizer, const TextCopier& copier,
                               const std::vector<std::string>& sentences,
                               const TranslateOptions& options,
                               std::vector<SentenceResult>* results) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (!(*results)[i].ok()) continue;
    for (size_t rank = 0; rank < (*results)[i]->size(); ++rank) {
      if (!(*(*results)[i])[rank].tokens.empty()) pairs.push_back({i, rank});
    }
  }
  const auto translation_of = [&](const Pair& pair) -> Translation& {
    return (*(*results)[pair.sentence])[pair.rank];
  };
  std::stable_sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
    return translation_of(a).tokens.size() > translation_of(b).tokens.size();
  });
  const size_t batch = static_cast<size_t>(std::max(options.batch, 1));
  for (size_t begin = 0; begin < pairs.size(); begin += batch) {
    const size_t end = std::min(pairs.size(), begin + batch);
    std::vector<SourceSentence> sources;
    std::vector<std::vector<int32_t>> from, to;
    for (size_t i = begin; i < end; ++i) {
      ASSIGN_OR_RETURN(SourceSentence source,
                       MakeSource(tokenizer, copier, sentences[pairs[i].sentence], options));
      from.push_back(source.pieces);
      to.push_back(translation_of(pairs[i]).tokens);
      sources.push_back(std::move(source));
    }
    ASSIGN_OR_RETURN(const auto weights,
                     decoder.Attend(session, from, to, tokenizer.bos(), tokenizer.pad()));
    for (size_t i = begin; i < end; ++i) {
      RETURN_IF_ERROR(AlignOne(tokenizer, copier, options, sources[i - begin], weights[i - begin],
                               &translation_of(pairs[i])));
    }
  }
  return absl::OkStatus();
}

std::string WordAlignment::ToString() const {
  return absl::StrJoin(pairs, " ", [](std::string* out, const std::pair<int, int>& pair) {
    absl::StrAppend(out, pair.first, "-", pair.second);
  });
}

WordAlignment AlignWords(const Points& source, const Points& target,
                         const std::vector<AlignedSpan>& spans) {
  const auto source_words = FindWords(source), target_words = FindWords(target);
  WordAlignment alignment;
  for (const auto& [begin, end] : source_words) {
    alignment.source_words.push_back(ToUtf8(source.substr(begin, end - begin)));
  }
  for (const auto& [begin, end] : target_words) {
    alignment.target_words.push_back(ToUtf8(target.substr(begin, end - begin)));
  }
  std::set<std::pair<int, int>> pairs;
  for (const AlignedSpan& span : spans) {
    const auto [s0, s1] = WordsIn(source_words, span.source_begin, span.source_end);
    const auto [t0, t1] = WordsIn(target_words, span.target_begin, span.target_end);
    // What was copied belongs together word by word.
    const bool copied = s1 - s0 == t1 - t0 && std::equal(alignment.source_words.begin() + s0,
                                                         alignment.source_words.begin() + s1,
                                                         alignment.target_words.begin() + t0);
    for (int s = s0; s < s1; ++s) {
      for (int t = t0; t < t1; ++t) {
        if (!copied || s - s0 == t - t0) pairs.emplace(s, t);
      }
    }
  }
  alignment.pairs.assign(pairs.begin(), pairs.end());
  return alignment;
}

}  // namespace viv
