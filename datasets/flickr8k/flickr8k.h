// Flickr8k: photos of people and dogs with five captions each (see README.md).
#ifndef VIV_DATASETS_FLICKR8K_FLICKR8K_H_
#define VIV_DATASETS_FLICKR8K_FLICKR8K_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/images/captioned_images.h"

namespace viv {

// The images of `split` ("train", "dev", "test"), with their captions. `path`: a folder or archive
// with Flickr8k.token.txt, Flickr_8k.<split>Images.txt and the photos, wherever below it. Listed
// images without a photo or a caption are skipped and reported. NotFound says how to download;
// InvalidArgument, with file and line, for captions in another format or not in UTF-8.
absl::StatusOr<CaptionedImages> ReadFlickr8k(Env* env, const std::string& path,
                                             const std::string& split);

}  // namespace viv

#endif  // VIV_DATASETS_FLICKR8K_FLICKR8K_H_
