// Scaling is OpenCV's.
#include "models/vision/photo_fit.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/layers/options_json.h"

namespace viv {
namespace {

constexpr auto kFields = [](auto& fit, auto visit) {
  visit("size", fit.size);
  visit("crop", fit.crop);
};
constexpr auto kYounger = [](const auto&, auto) {};

// Rows of a tensor as OpenCV sees them; it does not write to what is only read.
cv::Mat MatOf(const Tensor& image, const PhotoPart& part) {
  auto* const dots = const_cast<uint8_t*>(image.data<uint8_t>());
  const int64_t stride = 3 * image.dim(1);
  return {static_cast<int>(part.height), static_cast<int>(part.width), CV_8UC3,
          dots + part.top * stride + 3 * part.left, static_cast<size_t>(stride)};
}

}  // namespace

int64_t PhotoFit::min_side() const {
  return static_cast<int64_t>(std::ceil(static_cast<float>(size) / crop));
}

absl::Status PhotoFit::Check() const {
  RETURN_IF_ERROR(CheckBetween("the size of photos", size, 8, 4096));
  if (crop > 0 && crop <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the share of a photo that is shown is ", crop, ": it is at most 1"));
}

std::string PhotoFit::ToJson() const { return OptionsToJson(*this, kFields, kYounger); }

absl::StatusOr<PhotoFit> PhotoFit::FromJson(const std::string& json) {
  return OptionsFromJson<PhotoFit>(json, kFields, kYounger);
}

absl::Status CheckPhoto(const Tensor& photo) {
  if (photo.valid() && photo.dtype() == kUInt8 && photo.rank() == 3 && photo.dim(2) == 3 &&
      photo.num_elements() > 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a photo is uint8 [H, W, 3], not ",
      photo.valid() ? DTypeName(photo.dtype()) + photo.shape().ToString() : "nothing"));
}

absl::StatusOr<Tensor> ScalePart(const Tensor& photo, const PhotoPart& part, int64_t size) {
  ASSIGN_OR_RETURN(Tensor scaled, Tensor::Make(kUInt8, Shape({size, size, 3})));
  cv::Mat to(static_cast<int>(size), static_cast<int>(size), CV_8UC3,
             scaled.mutable_data<uint8_t>());
  const bool shrinks = part.height > size || part.width > size;
  cv::resize(MatOf(photo, part), to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return scaled;
}

absl::StatusOr<Tensor> FitPhoto(const Tensor& photo, const PhotoFit& fit) {
  RETURN_IF_ERROR(CheckPhoto(photo));
  const int64_t height = photo.dim(0), width = photo.dim(1);
  const auto side = std::max<int64_t>(
      1,
      std::llround(static_cast<double>(fit.crop) * static_cast<double>(std::min(height, width))));
  return ScalePart(photo, {(height - side) / 2, (width - side) / 2, side, side}, fit.size);
}

}  // namespace viv
