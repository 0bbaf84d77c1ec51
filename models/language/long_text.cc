// Sentences by ICU's rules (UAX #29), with its lists of abbreviations.
#include "models/language/long_text.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/base/utf8.h"

namespace viv {
namespace {

// ICU's rules for a language, which each thread keeps: it takes longer to make them than to find
// what they say of a sentence. Null where there are none.
icu::BreakIterator* SentenceRules(const std::string& language) {
  thread_local std::map<std::string, std::unique_ptr<icu::BreakIterator>> all;
  const auto [found, is_new] = all.try_emplace(language);
  if (is_new) {
    UErrorCode error = U_ZERO_ERROR;
    const icu::Locale locale(absl::StrCat(language, "@ss=standard").c_str());
    found->second.reset(icu::BreakIterator::createSentenceInstance(locale, error));
    if (U_FAILURE(error)) found->second.reset();
  }
  return found->second.get();
}

// Where ICU begins sentences, in order, as positions of the text. None where it has no rules.
std::vector<size_t> SentenceStarts(const Points& text, const std::string& language) {
  icu::BreakIterator* const iterator = SentenceRules(language);
  if (iterator == nullptr) return {};
  const icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(ToUtf8(text));
  iterator->setText(unicode);
  std::vector<size_t> starts;
  int32_t at = 0;       // in 16-bit units, and ...
  size_t position = 0;  // ... in characters
  for (int32_t next = iterator->first(); next != icu::BreakIterator::DONE;
       next = iterator->next()) {
    position += static_cast<size_t>(unicode.countChar32(at, next - at));
    at = next;
    starts.push_back(position);
  }
  return starts;
}

// Without white space at the ends.
TextPart Trim(const Points& text, TextPart part) {
  while (part.begin < part.end && IsSpace(text[part.begin])) ++part.begin;
  while (part.end > part.begin && IsSpace(text[part.end - 1])) --part.end;
  return part;
}

bool IsOneOf(char32_t c, const Points& set) { return set.find(c) != Points::npos; }

// Whether what ICU parts at `start` is two sentences.
bool IsSentenceEnd(const Points& text, size_t start) {
  if (start == 0 || start == text.size()) return start > 0;
  if (!IsSpace(text[start - 1])) return IsOneOf(text[start - 1], U"。！？｡");
  const size_t end = Trim(text, {0, start}).end;
  if (end == 0 || IsOneOf(U'\n', text.substr(end, start - end))) return true;
  // "Go!" he said.
  if (IsOneOf(text[end - 1], U"\"'”’»") && IsLower(text[start])) return false;
  // What ICU's lists lack.
  static const auto* const abbreviations =
      new std::vector<Points>{U"Dr.", U"St.", U"Fig.", U"Gen.", U"Gov.", U"Sen."};
  return std::none_of(abbreviations->begin(), abbreviations->end(), [&](const Points& word) {
    const size_t begin = end - std::min(end, word.size());
    return text.compare(begin, word.size(), word) == 0 &&
           (begin == 0 || !IsWordCharacter(text[begin - 1]));
  });
}

// Where the first part of a sentence of more than `longest` characters ends; its own end where
// there is no place.
size_t PlaceToPart(const Points& text, const TextPart& sentence, size_t longest) {
  size_t at_comma = sentence.end, at_space = sentence.end;
  for (size_t i = sentence.begin + 1; i < sentence.begin + longest; ++i) {
    if (!IsSpace(text[i])) continue;
    at_space = i;
    const bool late = i > sentence.begin + longest / 2;
    if (late && IsOneOf(text[i - 1], U";:,؛،")) at_comma = i;
  }
  return at_comma < sentence.end ? at_comma : at_space;
}

// A text on its way: its sentences, at least one, are [first, first + parts.size()) of all.
struct SplitText {
  Points text;
  std::vector<TextPart> parts;
  size_t first = 0;
};

Translation Join(const SplitText& split, const std::vector<const Translation*>& sentences) {
  Translation whole = {.confidence = sentences[0]->confidence};
  size_t done = 0, length = 0;  // of the text and of its translation, in characters
  for (size_t i = 0; i < split.parts.size(); ++i) {
    const TextPart& part = split.parts[i];
    const Translation& sentence = *sentences[i];
    const bool insert = i > 0 && part.begin == done;
    absl::StrAppend(&whole.text, ToUtf8(split.text.substr(done, part.begin - done)),
                    insert ? " " : "", sentence.text);
    length += part.begin - done + (insert ? 1 : 0);
    for (const AlignedSpan& span : sentence.alignment) {
      whole.alignment.push_back({span.source_begin + part.begin, span.source_end + part.begin,
                                 span.target_begin + length, span.target_end + length});
    }
    length += ToPoints(sentence.text).size();
    done = part.end;
    whole.log_prob += sentence.log_prob;
    whole.pieces += sentence.pieces;
    whole.score += sentence.score;
    whole.confidence = std::min(whole.confidence, sentence.confidence);
    whole.cut = whole.cut || sentence.cut;
  }
  absl::StrAppend(&whole.text, ToUtf8(split.text.substr(done)));
  if (split.parts.size() < 2) return whole;
  for (size_t i = 0; i < split.parts.size(); ++i) {
    const TextPart& part = split.parts[i];
    whole.parts.push_back({.source = ToUtf8(split.text.substr(part.begin, part.end - part.begin)),
                           .target = sentences[i]->text,
                           .confidence = sentences[i]->confidence});
  }
  return whole;
}

// The best `count` choices of a translation for each sentence: of the greatest sums of scores, best
// first. The first has the first of each. A choice is the ranks, one a sentence.
std::vector<std::vector<size_t>> BestChoices(
    const std::vector<const std::vector<Translation>*>& sentences, size_t count) {
  struct Choice {
    double lost;  // of the sum of the first ones
    size_t before, rank;
  };
  std::vector<std::vector<Choice>> steps;
  std::vector<Choice> last = {{0, 0, 0}};
  for (const std::vector<Translation>* all : sentences) {
    std::vector<Choice> next;
    for (size_t b = 0; b < last.size(); ++b) {
      // Whatever has `count` better ones is none of the best.
      for (size_t r = 0; r < all->size() && (b + 1) * (r + 1) <= count; ++r) {
        next.push_back({last[b].lost + (*all)[0].score - (*all)[r].score, b, r});
      }
    }
    std::stable_sort(next.begin(), next.end(),
                     [](const Choice& x, const Choice& y) { return x.lost < y.lost; });
    next.resize(std::min(next.size(), count));
    steps.push_back(next);
    last = std::move(next);
  }
  std::vector<std::vector<size_t>> choices;
  for (size_t i = 0; i < last.size(); ++i) {
    std::vector<size_t> ranks(sentences.size());
    size_t at = i;
    for (size_t s = sentences.size(); s-- > 0; at = steps[s][at].before) {
      ranks[s] = steps[s][at].rank;
    }
    choices.push_back(std::move(ranks));
  }
  return choices;
}

SentenceResult JoinAll(const SplitText& split, const std::vector<SentenceResult>& results) {
  const size_t count = split.parts.size();
  size_t nbest = 1;
  std::vector<const std::vector<Translation>*> sentences;
  for (size_t i = 0; i < count; ++i) {
    const SentenceResult& result = results[split.first + i];
    if (!result.ok()) {
      if (count == 1) return result;
      return Annotate(result.status(), absl::StrCat("sentence ", i + 1, " of ", count));
    }
    nbest = std::max(nbest, result->size());
    sentences.push_back(&*result);
  }
  std::vector<Translation> translations;
  for (const std::vector<size_t>& ranks : BestChoices(sentences, nbest)) {
    std::vector<const Translation*> chosen;
    for (size_t i = 0; i < count; ++i) chosen.push_back(&(*sentences[i])[ranks[i]]);
    translations.push_back(Join(split, chosen));
  }
  return translations;
}

}  // namespace

std::vector<TextPart> FindSentences(const Points& text, const std::string& language,
                                    size_t longest) {
  std::vector<size_t> starts = SentenceStarts(text, language);
  starts.push_back(text.size());
  std::vector<TextPart> sentences;
  size_t begin = 0;
  for (const size_t start : starts) {
    if (start <= begin || !IsSentenceEnd(text, start)) continue;
    TextPart sentence = Trim(text, {begin, start});
    begin = start;
    while (sentence.end - sentence.begin > longest) {
      const size_t end = PlaceToPart(text, sentence, longest);
      if (end == sentence.end) break;
      sentences.push_back(Trim(text, {sentence.begin, end}));
      sentence = Trim(text, {end, sentence.end});
    }
    if (sentence.begin < sentence.end) sentences.push_back(sentence);
  }
  return sentences;
}

absl::StatusOr<std::vector<SentenceResult>> TranslateLongTexts(
    const std::vector<std::string>& texts, const std::string& language,
    const SentenceTranslator& translate) {
  std::vector<SplitText> splits;
  std::vector<std::string> sentences;
  for (const std::string& text : texts) {
    SplitText split = {.first = sentences.size()};
    if (IsValidUtf8(text)) {
      split.text = CleanText(ToPoints(text));
      split.parts = FindSentences(split.text, language);
      for (const TextPart& part : split.parts) {
        sentences.push_back(ToUtf8(split.text.substr(part.begin, part.end - part.begin)));
      }
    }
    if (split.parts.empty()) {
      // Nothing to translate, or what fails.
      split.parts = {{0, 0}};
      sentences.push_back(split.text.empty() ? text : "");
    }
    splits.push_back(std::move(split));
  }
  ASSIGN_OR_RETURN(const std::vector<SentenceResult> results, translate(sentences));
  std::vector<SentenceResult> joined;
  for (const SplitText& split : splits) joined.push_back(JoinAll(split, results));
  return joined;
}

}  // namespace viv
