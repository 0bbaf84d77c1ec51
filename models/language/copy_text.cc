// Symbols are U+27E6, a digit, U+27E7. No text that is translated has such characters itself: they
// count as strange, and strange characters are copied.
#include "models/language/copy_text.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>

#include "absl/strings/str_split.h"
#include "core/base/random.h"

namespace viv {
namespace {

constexpr int kSymbols = 10;
constexpr char32_t kOpen = U'⟦', kClose = U'⟧';

Points Symbol(int number) { return {kOpen, static_cast<char32_t>(U'0' + number), kClose}; }

// The symbol that begins at `i`, or -1.
int SymbolAt(const Points& text, size_t i) {
  if (i + 2 >= text.size() || text[i] != kOpen || text[i + 2] != kClose) return -1;
  const int number = static_cast<int>(text[i + 1]) - '0';
  return number >= 0 && number < kSymbols ? number : -1;
}

Points SpanText(const Points& text, const CopySpan& span) {
  return text.substr(span.begin, span.end - span.begin);
}

// The spans and the terms in order; a term takes the place of the spans that it holds.
std::vector<CopySpan> WithTerms(const std::vector<CopySpan>& spans,
                                std::vector<GlossaryMatch> terms) {
  std::vector<CopySpan> all;
  auto span = spans.begin();
  for (GlossaryMatch& term : terms) {
    for (; span != spans.end() && span->end <= term.begin; ++span) all.push_back(*span);
    auto behind = span;
    bool cut = false;
    for (; behind != spans.end() && behind->begin < term.end; ++behind) {
      cut = cut || behind->begin < term.begin || behind->end > term.end;
    }
    if (cut) continue;
    span = behind;
    all.push_back({.begin = term.begin, .end = term.end, .becomes = std::move(term.target)});
  }
  all.insert(all.end(), span, spans.end());
  return all;
}

// How often each text occurs.
using Counts = std::map<Points, int>;

Counts CountSpans(const Points& text, const std::vector<CopySpan>& spans) {
  Counts counts;
  for (const CopySpan& span : spans) ++counts[SpanText(text, span)];
  return counts;
}

Counts CountWords(const Points& text) {
  Counts counts;
  for (const Points& word : CopyableWords(text)) ++counts[word];
  return counts;
}

// In [0, 1), of a word in a text.
float Chance(const Points& word, const std::string& text) {
  const uint64_t hash = HashCombine(HashString64(ToUtf8(word)), HashString64(text));
  return UniformFloat(static_cast<uint32_t>(hash >> 32));
}

}  // namespace

std::vector<std::string> CopySymbols() {
  std::vector<std::string> symbols;
  for (int i = 0; i < kSymbols; ++i) symbols.push_back(ToUtf8(Symbol(i)));
  return symbols;
}

KnownWords KnownWords::Of(const std::vector<TextPair>& pairs, int least) {
  std::map<Points, int> counts;
  for (const TextPair& pair : pairs) {
    for (const Points& word : CopyableWords(ToPoints(pair.source))) ++counts[FoldCase(word)];
  }
  KnownWords known;
  for (const auto& [word, count] : counts) {
    if (count >= least) known.words_.insert(word);
  }
  return known;
}

KnownWords KnownWords::FromText(const std::string& text) {
  KnownWords known;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    known.words_.insert(ToPoints(std::string(line)));
  }
  return known;
}

std::string KnownWords::ToText() const {
  std::vector<std::string> sorted;
  for (const Points& word : words_) sorted.push_back(ToUtf8(word));
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const std::string& word : sorted) text += word + "\n";
  return text;
}

void KnownWords::Add(const KnownWords& other) {
  words_.insert(other.words_.begin(), other.words_.end());
}

bool KnownWords::Has(const Points& folded) const { return words_.count(folded) != 0; }

bool KnownWords::IsName(const Points& word) const {
  if (word.size() < 2 || std::none_of(word.begin(), word.end(), IsUpper)) return false;
  const Points folded = FoldCase(word);
  if (Has(folded)) return false;
  for (size_t begin = 0; begin < folded.size();) {
    const size_t end = std::min(folded.find(U'-', begin), folded.size());
    if (!Has(folded.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

std::vector<int> MaskedText::Symbols() const {
  std::vector<int> symbols;
  for (const Copied& copied : copied_) symbols.push_back(copied.symbol);
  return symbols;
}

MaskedText MaskedText::Of(const Points& text, const std::vector<CopySpan>& spans,
                          int first_symbol) {
  MaskedText masked;
  Points out;
  size_t done = 0;
  const auto take = [&](size_t end) {
    for (; done < end; ++done) {
      out += text[done];
      masked.origins_.push_back(done);
    }
  };
  const auto insert = [&](const Points& what, size_t origin) {
    out += what;
    masked.origins_.insert(masked.origins_.end(), what.size(), origin);
  };
  for (const CopySpan& span : spans) {
    take(span.begin);
    done = span.end;
    Copied copied = {.symbol = (first_symbol + static_cast<int>(masked.copied_.size())) % kSymbols,
                     .text = span.becomes.value_or(SpanText(text, span)),
                     .joins_left = false,
                     .joins_right = false};
    if (span.markup) {
      // The net sees words as they are without mark-up.
      copied.joins_left = span.begin > 0 && !IsSpace(text[span.begin - 1]);
      copied.joins_right = span.end < text.size() && !IsSpace(text[span.end]);
    }
    if (copied.joins_left && !out.empty() && !IsSpace(out.back())) insert(U" ", span.begin);
    insert(Symbol(copied.symbol), span.begin);
    if (copied.joins_right) insert(U" ", span.end);
    masked.copied_.push_back(std::move(copied));
  }
  take(text.size());
  masked.origins_.push_back(text.size());
  masked.text_ = ToUtf8(out);
  return masked;
}

std::string MaskedText::Restore(const std::string& translation,
                                std::vector<size_t>* positions) const {
  if (copied_.empty() && positions == nullptr) return translation;
  std::array<std::deque<const Copied*>, kSymbols> waiting;
  for (const Copied& copied : copied_) waiting[copied.symbol].push_back(&copied);
  const Points text = ToPoints(translation);
  Points out;
  std::vector<size_t> at(text.size() + 1);
  for (size_t i = 0; i < text.size();) {
    const int symbol = SymbolAt(text, i);
    at[i] = out.size();
    if (symbol < 0) {
      out += text[i++];
      continue;
    }
    for (const size_t end = i + Symbol(symbol).size(); i < end; ++i) at[i] = out.size();
    if (waiting[symbol].empty()) continue;
    const Copied& copied = *waiting[symbol].front();
    waiting[symbol].pop_front();
    while (copied.joins_left && !out.empty() && out.back() == U' ') out.pop_back();
    out += copied.text;
    for (; copied.joins_right && i < text.size() && text[i] == U' '; ++i) at[i] = out.size();
  }
  at[text.size()] = out.size();
  if (positions != nullptr) *positions = std::move(at);
  return ToUtf8(out);
}

TextCopier::TextCopier(const Tokenizer& tokenizer, std::shared_ptr<const KnownWords> known)
    : tokenizer_(tokenizer), known_(std::move(known)) {
  for (const std::string& symbol : CopySymbols()) {
    const int32_t piece = tokenizer_.Find(symbol);
    if (piece < 0) {
      symbol_pieces_.clear();
      return;
    }
    symbol_pieces_.push_back(piece);
  }
  for (int32_t id = 0; id < tokenizer_.size(); ++id) {
    if (tokenizer_.IsByte(id)) continue;
    for (const char32_t c : ToPoints(tokenizer_.Piece(id))) characters_.insert(c);
  }
  characters_.erase(kOpen);
  characters_.erase(kClose);
}

bool TextCopier::IsStrange(char32_t c) const {
  if (characters_.count(c) != 0) return false;
  if (c == kOpen || c == kClose) return true;
  // Normalisation may turn it into characters that are known.
  const auto ids = tokenizer_.Encode(ToUtf8({c}));
  return !ids.ok() ||
         std::any_of(ids->begin(), ids->end(), [&](int32_t id) { return tokenizer_.IsByte(id); });
}

MaskedText TextCopier::Mask(const Points& text, const Glossary* glossary) const {
  if (symbol_pieces_.empty()) return MaskedText::Of(text, {}, 0);
  CopyRules rules = {.is_strange = [this](char32_t c) { return IsStrange(c); }};
  // In a text of capitals they tell nothing.
  if (known_ != nullptr && std::any_of(text.begin(), text.end(), IsLower)) {
    rules.copies_word = [this](const Points& word) { return known_->IsName(word); };
  }
  std::vector<CopySpan> spans = FindCopySpans(text, rules);
  if (glossary != nullptr) spans = WithTerms(spans, glossary->Find(text));
  return MaskedText::Of(text, spans, 0);
}

TextPair MaskPair(const TextPair& pair) {
  constexpr float kShareOfNames = 0.5f, kShareOfWords = 0.1f;
  const Points source = ToPoints(pair.source), target = ToPoints(pair.target);
  const Counts source_words = CountWords(source), target_words = CountWords(target);
  const CopyRules rules = {.copies_word = [&](const Points& word) {
    const auto here = source_words.find(word), there = target_words.find(word);
    if (here == source_words.end() || there == target_words.end()) return false;
    if (here->second != 1 || there->second != 1 || word.size() < 3) return false;
    return Chance(word, pair.source) < (IsUpper(word[0]) ? kShareOfNames : kShareOfWords);
  }};
  std::vector<CopySpan> source_spans = FindCopySpans(source, rules);
  std::vector<CopySpan> target_spans = FindCopySpans(target, rules);
  // What one side has more often than the other is no copy.
  const Counts in_source = CountSpans(source, source_spans);
  const Counts in_target = CountSpans(target, target_spans);
  const auto unshared = [&](const Points& text) {
    return [&](const CopySpan& span) {
      const Points key = SpanText(text, span);
      const auto here = in_source.find(key), there = in_target.find(key);
      return here == in_source.end() || there == in_target.end() || here->second != there->second;
    };
  };
  source_spans.erase(std::remove_if(source_spans.begin(), source_spans.end(), unshared(source)),
                     source_spans.end());
  target_spans.erase(std::remove_if(target_spans.begin(), target_spans.end(), unshared(target)),
                     target_spans.end());
  if (source_spans.empty() || source_spans.size() > kSymbols) return pair;

  const int first = static_cast<int>(HashString64(pair.source) % kSymbols);
  const MaskedText masked = MaskedText::Of(source, source_spans, first);
  // The target's spans get the symbols of their equals.
  std::map<Points, std::deque<int>> symbols;
  for (const MaskedText::Copied& copied : masked.copied_) {
    symbols[copied.text].push_back(copied.symbol);
  }
  Points out;
  size_t done = 0;
  for (const CopySpan& span : target_spans) {
    out += target.substr(done, span.begin - done);
    done = span.end;
    std::deque<int>& equal = symbols[SpanText(target, span)];
    const auto space = [&](size_t i) { return i < target.size() && !IsSpace(target[i]); };
    if (span.markup && span.begin > 0 && space(span.begin - 1)) out += U' ';
    out += Symbol(equal.front());
    if (span.markup && space(span.end)) out += U' ';
    equal.pop_front();
  }
  out += target.substr(done);
  return {masked.text_, ToUtf8(out)};
}

}  // namespace viv
