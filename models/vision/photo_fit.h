// How a photo of any size becomes the square that a net sees.
#ifndef VIV_MODELS_VISION_PHOTO_FIT_H_
#define VIV_MODELS_VISION_PHOTO_FIT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// A bundle keeps it: photos must come to a net as they did when its confidences were calibrated.
struct PhotoFit {
  // Height and width of the square.
  int size = 224;
  // The share of the photo's shorter side that the square in its middle shows.
  float crop = 1;

  // Of a photo that is shrunk while it is decoded: the least shorter side at which nothing is lost
  // (see DecodeOptions).
  int64_t min_side() const;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  std::string ToJson() const;
  static absl::StatusOr<PhotoFit> FromJson(const std::string& json);
};

// A part of a photo, in its dots.
struct PhotoPart {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

// The part of photo, uint8 [H, W, 3], stretched to uint8 [size, size, 3]: means over areas where it
// shrinks, bilinear where it grows. The part has dots and lies in the photo.
absl::StatusOr<Tensor> ScalePart(const Tensor& photo, const PhotoPart& part, int64_t size);

// photo: uint8 [H, W, 3], not empty -> uint8 [size, size, 3]. InvalidArgument for others.
absl::StatusOr<Tensor> FitPhoto(const Tensor& photo, const PhotoFit& fit);

// InvalidArgument where it is none: uint8 [H, W, 3] with dots.
absl::Status CheckPhoto(const Tensor& photo);

}  // namespace viv

#endif  // VIV_MODELS_VISION_PHOTO_FIT_H_
