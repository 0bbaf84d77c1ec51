// Photos in other sizes.
#ifndef VIV_MODELS_VISION_RESAMPLE_H_
#define VIV_MODELS_VISION_RESAMPLE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// A part of a photo in its pixels, of which some may be cut: (0, 0) is the corner of the first.
struct PhotoPart {
  double top = 0, left = 0, height = 0, width = 0;
};

// The part of photo, uint8 [H, W, 3], stretched to uint8 [height, width, 3], mirrored if wanted.
// Each pixel is a mean of those below it, weighted by a triangle that is as wide as two of its own
// pixels where the part shrinks, as wide as two of the photo's where it grows: what Pillow calls
// BILINEAR. In integers, so that all machines give the same bits. The part lies in the photo and is
// not empty; `height` and `width` are positive.
absl::StatusOr<Tensor> ScalePart(const Tensor& photo, const PhotoPart& part, int64_t height,
                                 int64_t width, bool mirror = false);

// InvalidArgument where it is none: uint8 [H, W, 3] with pixels.
absl::Status CheckPhoto(const Tensor& photo);

}  // namespace viv

#endif  // VIV_MODELS_VISION_RESAMPLE_H_
