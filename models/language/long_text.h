// Texts of several sentences, translated sentence by sentence and put together again.
#ifndef VIV_MODELS_LANGUAGE_LONG_TEXT_H_
#define VIV_MODELS_LANGUAGE_LONG_TEXT_H_

#include <functional>
#include <string>
#include <vector>

#include "models/language/translate_text.h"
#include "models/language/unicode_text.h"

namespace viv {

// [begin, end) of a text: what is translated by itself, without white space at its ends.
struct TextPart {
  size_t begin = 0, end = 0;
};

// The sentences of a text of a language ("en"), in order, where white space or one of "。！？" ends
// them; abbreviations that ICU knows of the language ("Mr.") do not. Lines end sentences. One of
// more than `longest` characters is parted behind the last semicolon, colon or comma of the second
// half of that, else at its last white space; one without any stays whole.
std::vector<TextPart> FindSentences(const Points& text, const std::string& language,
                                    size_t longest = 600);

// Translates many sentences, a result for each, in order.
using SentenceTranslator =
    std::function<absl::StatusOr<std::vector<SentenceResult>>(const std::vector<std::string>&)>;

// The translations of the texts with the white space of the texts between those of their
// sentences. The first consists of the first of each sentence, the others differ from it where the
// sum of scores loses least; a text has as many as the sentence with the most. log_prob, pieces and
// score are sums, the confidence is the lowest of its sentences, and `parts` are these, where there
// are several. Where one sentence fails the text does.
absl::StatusOr<std::vector<SentenceResult>> TranslateLongTexts(
    const std::vector<std::string>& texts, const std::string& language,
    const SentenceTranslator& translate);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_LONG_TEXT_H_
