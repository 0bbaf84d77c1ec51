// Which regions of a photo spoke for a label, drawn over it.
#ifndef VIV_MODELS_VISION_EXPLANATION_H_
#define VIV_MODELS_VISION_EXPLANATION_H_

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// `photo`: uint8 [H, W, 3]; `heat`: float [h, w], which is laid over all of it. What spoke for the
// label keeps its colours and glows, the more the higher its heat; the rest becomes grey and dark,
// and so does what spoke least for it where all did. -> uint8 [H, W, 3]. InvalidArgument for other
// shapes.
absl::StatusOr<Tensor> DrawHeat(const Tensor& photo, const Tensor& heat);

}  // namespace viv

#endif  // VIV_MODELS_VISION_EXPLANATION_H_
