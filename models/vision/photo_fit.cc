// The middle of a photo, scaled.
#include "models/vision/photo_fit.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/data/dataset.h"
#include "models/layers/options_json.h"
#include "models/vision/resample.h"

namespace viv {
namespace {

constexpr auto kFields = [](auto& fit, auto visit) {
  visit("size", fit.size);
  visit("crop", fit.crop);
};
constexpr auto kYounger = [](auto&& fit, auto visit) { visit("stretch", fit.stretch); };

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

absl::StatusOr<Tensor> FitPhoto(const Tensor& photo, const PhotoFit& fit) {
  RETURN_IF_ERROR(CheckPhoto(photo));
  if (fit.crop == 1 && photo.dim(0) == fit.size && photo.dim(1) == fit.size) return photo;
  const auto height = static_cast<double>(photo.dim(0)), width = static_cast<double>(photo.dim(1));
  const double side = std::min(height, width);
  PhotoPart part;
  part.height = fit.crop * (fit.stretch ? height : side);
  part.width = fit.crop * (fit.stretch ? width : side);
  part.top = (height - part.height) / 2;
  part.left = (width - part.width) / 2;
  return ScalePart(photo, part, fit.size, fit.size);
}

absl::StatusOr<Tensor> FitPhotos(absl::Span<const Tensor> photos, const PhotoFit& fit) {
  std::vector<Example> fitted;
  for (const Tensor& photo : photos) {
    ASSIGN_OR_RETURN(Tensor square, FitPhoto(photo, fit));
    fitted.push_back({std::move(square)});
  }
  ASSIGN_OR_RETURN(const Example batch, StackExamples(fitted));
  return batch[0];
}

}  // namespace viv
