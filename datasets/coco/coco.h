// COCO's captions, and files of own captions in its format (see README.md).
#ifndef VIV_DATASETS_COCO_COCO_H_
#define VIV_DATASETS_COCO_COCO_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/images/captioned_images.h"

namespace viv {

// `annotations`: a file such as captions_train2017.json, an object with "images" (id, file_name)
// and "annotations" (image_id, caption). `images`: the folder or archive with the photos, which are
// found by their paths in it or, where only one is called so, by the last parts of these. Images
// without a photo or a caption are skipped and reported.
// InvalidArgument for a file that is no such JSON, NotFound where no photo is there.
absl::StatusOr<CaptionedImages> ReadCocoCaptions(Env* env, const std::string& annotations,
                                                 const std::string& images);

}  // namespace viv

#endif  // VIV_DATASETS_COCO_COCO_H_
