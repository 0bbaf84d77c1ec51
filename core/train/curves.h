// The curves of a run: read from its event files, and drawn.
#ifndef VIV_CORE_TRAIN_CURVES_H_
#define VIV_CORE_TRAIN_CURVES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/tensor/tensor.h"

namespace viv {

// Values by step, in the order of the steps.
struct Curve {
  std::string name;
  std::vector<std::pair<int64_t, double>> points;
};

// The scalars in a directory's event files, by tag. As in TensorBoard, what a run that was resumed
// did replaces what was there from its first step on. A file that is damaged counts up to there.
absl::StatusOr<std::map<std::string, Curve>> ReadCurves(Env* env, const std::string& directory);

// An image [H, W, 3], uint8, for EncodePng: the curves one above the other over the same steps,
// with their names, axes and the last value. Values that are not finite leave gaps. There is at
// least one curve (else InvalidArgument).
absl::StatusOr<Tensor> DrawCurves(const std::vector<Curve>& curves);

}  // namespace viv

#endif  // VIV_CORE_TRAIN_CURVES_H_
