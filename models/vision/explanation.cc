// The map is small, e.g. 7 x 7: it is stretched bilinearly.
#include "models/vision/explanation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

// Where place `i` of `n` lies between the centres of `cells` cells.
struct Between {
  int64_t low, high;
  float share;  // of `high`
};
Between PlaceOf(int64_t i, int64_t n, int64_t cells) {
  const double at =
      (static_cast<double>(i) + 0.5) * static_cast<double>(cells) / static_cast<double>(n) - 0.5;
  const double inside = std::clamp(at, 0.0, static_cast<double>(cells - 1));
  const auto low = static_cast<int64_t>(inside);
  return {low, std::min(low + 1, cells - 1), static_cast<float>(inside - static_cast<double>(low))};
}

// From 0 to 1: what spoke against the label, or not, is 0; where all of a photo spoke for it, what
// did so least.
std::vector<float> Normalized(const Tensor& heat) {
  std::vector<float> values(heat.flat<float>().begin(), heat.flat<float>().end());
  for (float& v : values) v = v > 0 ? v : 0;  // not a number: 0
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const float most = std::isfinite(*high) ? *high : 0;
  const float least = *low < most ? *low : 0;
  for (float& v : values) v = most > 0 ? (v - least) / (most - least) : 0;
  return values;
}

uint8_t ToByte(float x) { return static_cast<uint8_t>(std::clamp(x + 0.5f, 0.0f, 255.0f)); }

void DrawPixel(const uint8_t* from, float heat, uint8_t* to) {
  constexpr float kGlow[] = {255, 120, 20};
  constexpr float kDark = 0.45f, kMostGlow = 0.35f;
  const float grey = 0.299f * from[0] + 0.587f * from[1] + 0.114f * from[2];
  const float glow = kMostGlow * heat;
  for (int c = 0; c < 3; ++c) {
    const float lit = (1 - glow) * from[c] + glow * kGlow[c];
    to[c] = ToByte(heat * lit + (1 - heat) * kDark * grey);
  }
}

}  // namespace

absl::StatusOr<Tensor> DrawHeat(const Tensor& photo, const Tensor& heat) {
  if (photo.dtype() != kUInt8 || photo.rank() != 3 || photo.dim(2) != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("a photo is uint8 [H, W, 3], not ", photo.shape().ToString()));
  }
  if (heat.dtype() != kFloat || heat.rank() != 2 || heat.num_elements() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a map is float [h, w], not ", heat.shape().ToString()));
  }
  const int64_t height = photo.dim(0), width = photo.dim(1);
  const int64_t rows = heat.dim(0), columns = heat.dim(1);
  const std::vector<float> cells = Normalized(heat);
  ASSIGN_OR_RETURN(Tensor drawn, Tensor::Make(kUInt8, photo.shape()));
  for (int64_t y = 0; y < height; ++y) {
    const Between down = PlaceOf(y, height, rows);
    for (int64_t x = 0; x < width; ++x) {
      const Between across = PlaceOf(x, width, columns);
      const auto row = [&](int64_t r) {
        return (1 - across.share) * cells[r * columns + across.low] +
               across.share * cells[r * columns + across.high];
      };
      const float value = (1 - down.share) * row(down.low) + down.share * row(down.high);
      const int64_t at = 3 * (y * width + x);
      DrawPixel(photo.data<uint8_t>() + at, value, drawn.mutable_data<uint8_t>() + at);
    }
  }
  return drawn;
}

}  // namespace viv
