// Which classes are taken for which.
#ifndef VIV_MODELS_VISION_CONFUSION_H_
#define VIV_MODELS_VISION_CONFUSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

class ConfusionMatrix {
 public:
  // One name for each class, of which there is at least one.
  explicit ConfusionMatrix(std::vector<std::string> names);

  // Classes by number.
  void Add(int truth, int answer);

  int classes() const { return static_cast<int>(names_.size()); }
  int64_t count(int truth, int answer) const { return counts_[truth * classes() + answer]; }
  // How many photos of the class there were.
  int64_t Of(int truth) const;
  // The share of right answers; 0 where nothing was added.
  double accuracy() const;

  // The classes that are recognised worst and what they are taken for, a line each, at most `most`;
  // none for those without a mistake.
  std::string WorstClasses(int most) const;
  // A line for each class, its name first, then the counts, tab-separated, under a line of names.
  std::string ToTsv() const;
  // An image [H, W, 3], uint8, for EncodePng: a row for each class, the answers by their share in
  // it from white to dark; names and numbers where there are so few classes that they can be read.
  absl::StatusOr<Tensor> Draw() const;

 private:
  std::vector<std::string> names_;
  std::vector<int64_t> counts_;
};

}  // namespace viv

#endif  // VIV_MODELS_VISION_CONFUSION_H_
