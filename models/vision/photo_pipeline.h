// From labelled photos to the batches that nets are trained and judged on.
#ifndef VIV_MODELS_VISION_PHOTO_PIPELINE_H_
#define VIV_MODELS_VISION_PHOTO_PIPELINE_H_

#include <cstdint>
#include <memory>

#include "core/data/dataset.h"
#include "datasets/images/labelled_images.h"
#include "models/vision/augment.h"
#include "models/vision/photo_fit.h"

namespace viv {

struct PhotoBatchOptions {
  int64_t size = 224;  // of the squares
  int batch = 64;
  AugmentOptions augment;
  uint64_t seed = 1;
  int threads = 2;  // that decode and augment; what comes out does not depend on it
};

class BadPhotos;

// Photos in random order, augmented anew each time, without end. A photo that cannot be read is
// left out, and logged the first time; InvalidArgument, from the iterator, where none can be read.
class PhotoBatches {
 public:
  PhotoBatches(const LabelledImages& photos, const PhotoBatchOptions& options);

  // Batches as MixPhotos makes them.
  Dataset dataset() const;
  // How many could not be read so far.
  int64_t bad_photos() const;

 private:
  std::shared_ptr<const LabelledImages> photos_;
  PhotoBatchOptions options_;
  std::shared_ptr<BadPhotos> bad_;
};

// The photos in order, once, as they are: {photos uint8 [N, S, S, 3], labels int32 [N]}, N at most
// `batch`. Those that cannot be read are left out, and logged once for all passes.
Dataset FittedPhotos(const LabelledImages& photos, const PhotoFit& fit, int batch);

}  // namespace viv

#endif  // VIV_MODELS_VISION_PHOTO_PIPELINE_H_
