// Images with sentences that describe them.
#ifndef VIV_DATASETS_IMAGES_CAPTIONED_IMAGES_H_
#define VIV_DATASETS_IMAGES_CAPTIONED_IMAGES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datasets/images/labelled_images.h"

namespace viv {

struct CaptionedImage {
  std::shared_ptr<const ImageSource> source;
  int64_t index = 0;                  // in the source
  std::vector<std::string> captions;  // at least one, UTF-8, as the data have them

  std::string Name() const { return source->Name(index); }
  // Errors begin with the name.
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options = {}) const {
    return source->DecodeNamed(index, options);
  }
};

struct CaptionedImages {
  std::vector<CaptionedImage> images;  // in the order of the data's list
  std::vector<std::string> skipped;    // what was left out, "name: why", for the user
};

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_CAPTIONED_IMAGES_H_
