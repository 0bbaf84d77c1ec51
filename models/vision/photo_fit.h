// How a photo of any size becomes the square that a net sees.
#ifndef VIV_MODELS_VISION_PHOTO_FIT_H_
#define VIV_MODELS_VISION_PHOTO_FIT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/tensor/tensor.h"

namespace viv {

// A bundle keeps it: photos must come to a net as they did when its confidences were calibrated.
struct PhotoFit {
  // Height and width of the square.
  int size = 224;
  // The share of the photo's shorter side that the square in its middle shows.
  float crop = 1;
  // Shows that share of either side instead: nothing at the sides is lost, but shapes are. For nets
  // that learnt from photos that had been stretched to squares.
  bool stretch = false;

  // Of a photo that is shrunk while it is decoded: the least shorter side at which nothing is lost
  // (see DecodeOptions).
  int64_t min_side() const;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  std::string ToJson() const;
  static absl::StatusOr<PhotoFit> FromJson(const std::string& json);
};

// photo: uint8 [H, W, 3], not empty -> uint8 [size, size, 3], which is the photo itself where it
// fits as it is. InvalidArgument for what is no photo.
absl::StatusOr<Tensor> FitPhoto(const Tensor& photo, const PhotoFit& fit);

// The same for at least one photo: uint8 [N, size, size, 3].
absl::StatusOr<Tensor> FitPhotos(absl::Span<const Tensor> photos, const PhotoFit& fit);

}  // namespace viv

#endif  // VIV_MODELS_VISION_PHOTO_FIT_H_
