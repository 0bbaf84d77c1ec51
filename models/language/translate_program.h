// What the program `translate` does with its arguments and its standard input.
#ifndef VIV_MODELS_LANGUAGE_TRANSLATE_PROGRAM_H_
#define VIV_MODELS_LANGUAGE_TRANSLATE_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "models/language/translator.h"

namespace viv {

struct TranslateProgram {
  std::string source_language = "en", target_language = "fr";
  // A bundle's folder; the shipped one of the two languages where empty.
  std::string bundle;
  // A file of terms (glossary.h); none where empty.
  std::string glossary;
  TranslateOptions options;
  // In what products are computed: kFloat or kBFloat16.
  DType precision = kFloat;
  bool json = false;
  bool verbose = false;
  std::istream* in = &std::cin;
  std::ostream* out = &std::cout;
  std::ostream* err = &std::cerr;

  // Translates each of `sentences`, or each line of `in` where there are none, and returns how many
  // failed: those have their error in place of a translation, and the rest goes on.
  // FailedPrecondition where the bundle is of other languages; errors of loading and of runs.
  absl::StatusOr<int> Run(const std::vector<std::string>& sentences) const;
};

// One line of JSON: "input", "translation", "confidence" where the bundle is calibrated,
// "alternatives"; or "input" and "error".
std::string TranslationJson(const std::string& input, const SentenceResult& result);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATE_PROGRAM_H_
