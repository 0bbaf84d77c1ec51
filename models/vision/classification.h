// What a classifier says of a photo, and how that is printed.
#ifndef VIV_MODELS_VISION_CLASSIFICATION_H_
#define VIV_MODELS_VISION_CLASSIFICATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

struct PhotoLabel {
  int number = 0;  // of the class, from 0
  std::string name;
  // How probable it is that this is the right label.
  double confidence = 0;
};

struct Classification {
  // The most probable first; at least one.
  std::vector<PhotoLabel> labels;
  // Only if asked for. `features`: [F], float, alike for photos that look alike; of length 1.
  // `heat`: [h, w], float: how much each region of the photo spoke for the first label (against it
  // where negative).
  Tensor features, heat;

  double confidence() const { return labels.front().confidence; }
};

using ClassificationResult = absl::StatusOr<Classification>;

struct ClassificationFormat {
  bool json = false;
  // Labels that are shown.
  int top = 5;
  // What has a lower confidence is "none of these".
  double min_confidence = 0;

  bool Withholds(const ClassificationResult& result) const {
    return result.ok() && result->confidence() < min_confidence;
  }
};

// The lines, with their ends, for one photo. As text: the photo's name, then a label and its
// confidence a line, "none of these" where withheld; "" where it failed. As JSON one line: "input",
// "labels": [{"name", "confidence"}], "confidence", "features" where there are any; or "input",
// "confidence" and "abstained": true; or "input" and "error".
std::string FormatClassification(const std::string& input, const ClassificationResult& result,
                                 const ClassificationFormat& format);

}  // namespace viv

#endif  // VIV_MODELS_VISION_CLASSIFICATION_H_
