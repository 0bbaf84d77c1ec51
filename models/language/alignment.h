// Which words of a translation came of which words of its source, as the net's attention tells.
#ifndef VIV_MODELS_LANGUAGE_ALIGNMENT_H_
#define VIV_MODELS_LANGUAGE_ALIGNMENT_H_

#include <string>
#include <utility>
#include <vector>

#include "models/language/translate_text.h"
#include "models/language/unicode_text.h"

namespace viv {

// Sets `alignment` of the translations that TranslateTexts gave for the sentences: a piece belongs
// to the piece of the source that was looked at most when it was chosen, to none where that was the
// end; what was copied belongs to what it is a copy of. The decoder must have attention. Errors of
// runs. With options.copy_unknown unknown words are replaced.
absl::Status AlignTranslations(Session& session, const Seq2SeqDecoder& decoder,
                               const Tokenizer& tokenizer, const TextCopier& copier,
                               const std::vector<std::string>& sentences,
                               const TranslateOptions& options,
                               std::vector<SentenceResult>* results);

// The words of a text and of its translation, parted by white space, and the pairs of their numbers
// that belong together, sorted.
struct WordAlignment {
  std::vector<std::string> source_words, target_words;
  std::vector<std::pair<int, int>> pairs;

  // "0-0 1-2".
  std::string ToString() const;
};
WordAlignment AlignWords(const Points& source, const Points& target,
                         const std::vector<AlignedSpan>& spans);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_ALIGNMENT_H_
