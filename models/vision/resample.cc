// First rows are summed, as far as the part reaches, then the pixels of the sum.
#include "models/vision/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/vision/resample_rows.h"

namespace viv {
namespace {

// What the places of a line are sums of.
struct Taps {
  std::vector<int32_t> first, count;  // of each place: taps in the photo
  std::vector<int16_t> weights;       // of all places, one behind the other; of one they sum to 1
};

// `size` places along a part of [0, extent) that begins at `begin`.
Taps TapsAlong(double begin, double length, int64_t extent, int64_t size) {
  Taps taps;
  const double scale = length / static_cast<double>(size), reach = std::max(scale, 1.0);
  std::vector<double> weights;
  for (int64_t i = 0; i < size; ++i) {
    const double center = begin + (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::clamp<int64_t>(std::floor(center - reach + 0.5), 0, extent - 1);
    const auto end = std::clamp<int64_t>(std::floor(center + reach + 0.5), first + 1, extent);
    weights.clear();
    double sum = 0;
    for (int64_t at = first; at < end; ++at) {
      const double distance = std::abs(static_cast<double>(at) + 0.5 - center);
      weights.push_back(std::max(0.0, 1 - distance / reach));
      sum += weights.back();
    }
    // Running sums are rounded, not weights: these come to 1 however many they are.
    double running = 0;
    int64_t given = 0;
    for (const double weight : weights) {
      running += weight;
      const int64_t rounded = std::llround(running / sum * (1 << kWeightBits));
      taps.weights.push_back(static_cast<int16_t>(rounded - given));
      given = rounded;
    }
    taps.first.push_back(static_cast<int32_t>(first));
    taps.count.push_back(static_cast<int32_t>(end - first));
  }
  return taps;
}

}  // namespace

absl::Status CheckPhoto(const Tensor& photo) {
  if (photo.valid() && photo.dtype() == kUInt8 && photo.rank() == 3 && photo.dim(2) == 3 &&
      photo.num_elements() > 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a photo is uint8 [H, W, 3], not ",
      photo.valid() ? DTypeName(photo.dtype()) + photo.shape().ToString() : "nothing"));
}

absl::StatusOr<Tensor> ScalePart(const Tensor& photo, const PhotoPart& part, int64_t height,
                                 int64_t width, bool mirror) {
  ASSIGN_OR_RETURN(Tensor scaled, Tensor::Make(kUInt8, Shape({height, width, 3})));
  const Taps down = TapsAlong(part.top, part.height, photo.dim(0), height);
  Taps across = TapsAlong(part.left, part.width, photo.dim(1), width);
  // The pixels of a row that are needed at all.
  const int64_t left = across.first.front();
  const int64_t needed = 3 * (across.first.back() + across.count.back() - left);
  for (int32_t& first : across.first) first -= static_cast<int32_t>(left);
  const int64_t stride = 3 * photo.dim(1);
  const auto sum_rows = VIV_CALL_ISA(SumRows);
  const auto sum_dots = VIV_CALL_ISA(SumDots);
  std::vector<int16_t> row(needed);
  const int16_t* weights = down.weights.data();
  for (int64_t y = 0; y < height; ++y) {
    sum_rows(photo.data<uint8_t>() + down.first[y] * stride + 3 * left, stride, weights,
             down.count[y], needed, row.data());
    weights += down.count[y];
    uint8_t* to = scaled.mutable_data<uint8_t>() + 3 * (y * width + (mirror ? width - 1 : 0));
    sum_dots(row.data(), across.first.data(), across.count.data(), across.weights.data(), width,
             mirror ? -3 : 3, to);
  }
  return scaled;
}

}  // namespace viv
