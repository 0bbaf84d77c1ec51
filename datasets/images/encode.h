// Photos as small files, for pages; see core/train/png.h for drawings.
#ifndef VIV_DATASETS_IMAGES_ENCODE_H_
#define VIV_DATASETS_IMAGES_ENCODE_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// A WebP file, with loss. `image`: uint8 [H, W, 3], extents from 1 to 16383; InvalidArgument
// otherwise. `quality`: 0 to 100.
absl::StatusOr<std::string> EncodeWebp(const Tensor& image, float quality = 80);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_ENCODE_H_
