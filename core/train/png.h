// Images as PNG files, without a library for images.
#ifndef VIV_CORE_TRAIN_PNG_H_
#define VIV_CORE_TRAIN_PNG_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// `image`: uint8 [H, W, C], where C is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) and no
// dimension is 0; InvalidArgument otherwise. Equal images give equal bytes.
absl::StatusOr<std::string> EncodePng(const Tensor& image);

}  // namespace viv

#endif  // VIV_CORE_TRAIN_PNG_H_
