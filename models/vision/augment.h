// Photos in other forms, for training: parts of them, mirrored, in other colours, mixed.
#ifndef VIV_MODELS_VISION_AUGMENT_H_
#define VIV_MODELS_VISION_AUGMENT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/random.h"
#include "core/data/dataset.h"
#include "core/tensor/tensor.h"

namespace viv {

struct AugmentOptions {
  // A random part with at least this share of the photo's area, stretched to the square (Szegedy et
  // al. 2015); its width over its height lies between 1 / aspect and aspect.
  float min_area = 0.35f;
  float aspect = 4.0f / 3;
  // Mirrors every second photo.
  bool flip = true;
  // Brightness, contrast and saturation are multiplied by factors in [1 - colour, 1 + colour].
  float colour = 0.3f;
  // A square of this share of the width is blotted out, anywhere (DeVries and Taylor 2017).
  float cutout = 0;
  // Photos are mixed with others of the batch, in shares of a Beta(mixup, mixup) distribution
  // (Zhang et al. 2018); 0: they are not.
  float mixup = 0;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  // Tells options apart.
  std::string ToString() const;
};

// photo: uint8 [H, W, 3] -> uint8 [size, size, 3]. A function of its arguments alone.
absl::StatusOr<Tensor> AugmentPhoto(const Tensor& photo, int64_t size,
                                    const AugmentOptions& options, RandomStream random);

// {photos uint8 [N, S, S, 3], labels int32 [N]} -> {photos, labels, the other labels int32 [N], the
// share of the first float [N]}; without mixup all shares are 1. A function of its arguments alone.
absl::StatusOr<Example> MixPhotos(Example batch, const AugmentOptions& options,
                                  RandomStream random);

}  // namespace viv

#endif  // VIV_MODELS_VISION_AUGMENT_H_
