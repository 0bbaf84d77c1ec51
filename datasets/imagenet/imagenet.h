// ImageNet's 1,000 classes, as its challenge of 2012 gave them out (see README.md).
#ifndef VIV_DATASETS_IMAGENET_IMAGENET_H_
#define VIV_DATASETS_IMAGENET_IMAGENET_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/images/labelled_images.h"

namespace viv {

// `path`: the unpacked download. train/<wnid>/ holds the images of a class; validation images lie
// in val/<wnid>/ or, as in the download, in val/ itself, and LOC_val_solution.csv has their
// classes. Without validation images every tenth of each class is held out of train/. Names come
// out of LOC_synset_mapping.txt or classes.txt. Errors as ReadImageSplit.
absl::StatusOr<ImageSplit> ReadImagenet(Env* env, const std::string& path);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGENET_IMAGENET_H_
