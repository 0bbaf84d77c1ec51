// What the program `caption_image` does with photos, folders and standard input.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_PROGRAM_H_
#define VIV_MODELS_CAPTIONS_CAPTION_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "models/captions/captioner.h"

namespace viv {

struct CaptionProgram {
  // A bundle's folder; the shipped one where empty.
  std::string bundle;
  // As FindPhotos takes them.
  std::vector<std::string> paths;
  CaptionOptions options;
  CaptionFormat format;
  DType precision = kFloat;
  bool verbose = false;
  std::istream* in = &std::cin;
  std::ostream* out = &std::cout;
  std::ostream* err = &std::cerr;

  // Returns how many photos failed: those have their error on `err`, or in place of captions in
  // JSON, and the rest goes on. FailedPrecondition where the bundle has no confidences that are
  // asked for; errors of the bundle, of runs and of writing.
  absl::StatusOr<int> Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_PROGRAM_H_
