// Finds what a translation leaves as it is: mark-up, addresses, numbers, codes, names.
#ifndef VIV_MODELS_LANGUAGE_COPY_SPANS_H_
#define VIV_MODELS_LANGUAGE_COPY_SPANS_H_

#include <functional>
#include <optional>
#include <vector>

#include "models/language/unicode_text.h"

namespace viv {

// [begin, end) of a text.
struct CopySpan {
  size_t begin = 0, end = 0;
  // A tag, an entity, a variable of a template: what is around it need not be spaced.
  bool markup = false;
  // What a glossary puts in its place; else it stays itself.
  std::optional<Points> becomes;
};

// What counts beside what can be told from the form alone; both may be empty.
struct CopyRules {
  // Of a word (letters, with hyphens inside): "Zbigniew".
  std::function<bool(const Points& word)> copies_word;
  // Characters that the translator does not know; so are words that have such letters.
  std::function<bool(char32_t c)> is_strange;
};

// In order, without overlap. By their form: tags "<b>", entities "&amp;", "{name}", "%s"; URLs,
// e-mail addresses, @handles, #tags, paths, names of files and hosts; codes that mix letters and
// digits ("MX-5", "mp3"); numbers with their separators and signs ("1,000.50", "12:30", "$5",
// "50%"), of "21st" and "3-year-old" the digits alone.
std::vector<CopySpan> FindCopySpans(const Points& text, const CopyRules& rules);

// The words that CopyRules::copies_word is asked about, as far as they stand in no other span.
std::vector<Points> CopyableWords(const Points& text);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_COPY_SPANS_H_
