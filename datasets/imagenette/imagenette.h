// Imagenette: ten classes of ImageNet that are easily told apart (see README.md).
#ifndef VIV_DATASETS_IMAGENETTE_IMAGENETTE_H_
#define VIV_DATASETS_IMAGENETTE_IMAGENETTE_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/images/labelled_images.h"

namespace viv {

// `path`: the unpacked download or its archive, of any size of images. The official val/ where it
// is there, else every tenth image of each class is held out of train/. Classes have English names.
// NotFound says how to download; other errors as ReadImageSplit.
absl::StatusOr<ImageSplit> ReadImagenette(Env* env, const std::string& path);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGENETTE_IMAGENETTE_H_
