// How translations are printed: lines for people, JSON for programs.
#ifndef VIV_MODELS_LANGUAGE_TRANSLATION_FORMAT_H_
#define VIV_MODELS_LANGUAGE_TRANSLATION_FORMAT_H_

#include <cstdint>
#include <string>

#include "models/language/translate_text.h"

namespace viv {

struct TranslationFormat {
  bool json = false;
  // Of a text line: further fields, as FormatTranslation tells.
  bool nbest = false, confidence = false, alignment = false;
  // Translations with a lower confidence are withheld.
  double min_confidence = 0;

  bool Withholds(const SentenceResult& result) const {
    return min_confidence > 0 && result.ok() && result->front().confidence < min_confidence;
  }
};

// The lines, with their ends, for one input, which is number `number` of all, from 0. As text: one
// line "translation", or with `nbest` one for each, "number ||| translation ||| score"; behind it
// " ||| confidence" and " ||| 0-0 1-2", the pairs of WordAlignment, if asked for. An input that
// failed, or whose translation is withheld, has a line without text, so that line numbers agree. As
// JSON: TranslationJson.
std::string FormatTranslation(int64_t number, const std::string& input,
                              const SentenceResult& result, const TranslationFormat& format);

// One line of JSON: "input", "translation", "confidence" where the bundle is calibrated,
// "alternatives", "sentences" where there are several, and if asked for "alignment", pairs of the
// numbers of words, with "source_words" and "target_words"; or "input" and "error"; or "input",
// "confidence" and "abstained": true.
std::string TranslationJson(const std::string& input, const SentenceResult& result,
                            const TranslationFormat& format = {});

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATION_FORMAT_H_
