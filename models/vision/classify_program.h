// What the program `classify_image` does with photos, folders and standard input.
#ifndef VIV_MODELS_VISION_CLASSIFY_PROGRAM_H_
#define VIV_MODELS_VISION_CLASSIFY_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "models/vision/photo_classifier.h"

namespace viv {

struct ClassifyProgram {
  // A bundle's folder; the shipped one where empty.
  std::string bundle;
  // Photos, and folders of photos, which are searched through. Where there are none, `in` holds a
  // photo, or names of photos and folders, one a line.
  std::vector<std::string> paths;
  ClassificationFormat format;
  // Adds Classification::features to the JSON.
  bool features = false;
  // Where the photos go with what spoke for their labels drawn over them, as PNG: a file for one
  // photo, or a folder (one that exists, or a name that ends in '/'); nowhere where empty.
  std::string explain;
  DType precision = kFloat;
  bool verbose = false;
  std::istream* in = &std::cin;
  std::ostream* out = &std::cout;
  std::ostream* err = &std::cerr;

  // Returns how many photos failed: those have their error on `err`, or in place of labels in JSON,
  // and the rest goes on. Errors of the bundle, of runs and of writing.
  absl::StatusOr<int> Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_VISION_CLASSIFY_PROGRAM_H_
