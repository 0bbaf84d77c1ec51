// What the program `translate` does with its arguments, files and standard input.
#ifndef VIV_MODELS_LANGUAGE_TRANSLATE_PROGRAM_H_
#define VIV_MODELS_LANGUAGE_TRANSLATE_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "models/language/translation_format.h"
#include "models/language/translator.h"

namespace viv {

struct TranslateProgram {
  std::string source_language = "en", target_language = "fr";
  // A bundle's folder; the shipped one of the two languages where empty.
  std::string bundle;
  // A file of terms (glossary.h); none where empty.
  std::string glossary;
  // What is translated: the texts, or each line of the files (gzip is unpacked), or, where there
  // are neither, of `in`.
  std::vector<std::string> texts, files;
  // Where it goes: a file, which is overwritten, or for files a folder (one that exists, or a name
  // that ends in '/'), in which each gets a file of its name, less ".gz"; `out` where empty.
  std::string output;
  TranslateOptions options;
  TranslationFormat format;
  // In what products are computed: kFloat or kBFloat16.
  DType precision = kFloat;
  bool verbose = false;
  std::istream* in = &std::cin;
  std::ostream* out = &std::cout;
  std::ostream* err = &std::cerr;

  // Returns how many texts failed: those have their error in place of a translation, and the rest
  // goes on; what is withheld for its confidence did not fail. FailedPrecondition where the bundle
  // is of other languages, or has no confidences that are asked for; errors of loading, of runs, of
  // files and of writing.
  absl::StatusOr<int> Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATE_PROGRAM_H_
