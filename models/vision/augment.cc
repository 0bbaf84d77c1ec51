// One pass over a photo's dots for colours and cutout, after the part is scaled.
#include "models/vision/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/vision/photo_fit.h"

namespace viv {
namespace {

constexpr float kGrey[] = {0.299f, 0.587f, 0.114f};
// What a blot is filled with: no colour stands out.
constexpr uint8_t kBlot = 128;

float Between(RandomStream& random, float low, float high) {
  return low + (high - low) * random.Uniform();
}

int64_t Offset(RandomStream& random, int64_t most) {
  return static_cast<int64_t>(random.Below(static_cast<uint64_t>(most) + 1));
}

// Tries a few times to find a part of the wanted area and aspect; else the middle square.
PhotoPart RandomPart(int64_t height, int64_t width, const AugmentOptions& options,
                     RandomStream& random) {
  constexpr int kTries = 10;
  const auto area = static_cast<float>(height * width);
  const float widest = std::log(options.aspect);
  for (int i = 0; i < kTries; ++i) {
    const float wanted = area * Between(random, options.min_area, 1);
    const float aspect = std::exp(Between(random, -widest, widest));
    const auto w = static_cast<int64_t>(std::lround(std::sqrt(wanted * aspect)));
    const auto h = static_cast<int64_t>(std::lround(std::sqrt(wanted / aspect)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const int64_t top = Offset(random, height - h);
    return {top, Offset(random, width - w), h, w};
  }
  const int64_t side = std::min(height, width);
  return {(height - side) / 2, (width - side) / 2, side, side};
}

// In place. New colours are x = a * x + b * grey + c, channel by channel.
void ChangeColours(float colour, RandomStream& random, Tensor* photo) {
  const auto factor = [&] { return Between(random, 1 - colour, 1 + colour); };
  const float brightness = factor(), contrast = factor(), saturation = factor();
  uint8_t* dots = photo->mutable_data<uint8_t>();
  const int64_t count = photo->num_elements() / 3;
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* dot = dots + 3 * i;
    sum += kGrey[0] * dot[0] + kGrey[1] * dot[1] + kGrey[2] * dot[2];
  }
  const float mean = sum / static_cast<float>(std::max<int64_t>(count, 1));
  const float scale = brightness * contrast;
  const float own = scale * saturation, grey = scale * (1 - saturation);
  const float shift = brightness * (1 - contrast) * mean + 0.5f;
  for (int64_t i = 0; i < count; ++i) {
    uint8_t* dot = dots + 3 * i;
    const float rest = grey * (kGrey[0] * dot[0] + kGrey[1] * dot[1] + kGrey[2] * dot[2]) + shift;
    for (int c = 0; c < 3; ++c) {
      dot[c] = static_cast<uint8_t>(std::clamp(own * dot[c] + rest, 0.0f, 255.0f));
    }
  }
}

void Mirror(Tensor* photo) {
  const int64_t height = photo->dim(0), width = photo->dim(1);
  for (int64_t y = 0; y < height; ++y) {
    uint8_t* row = photo->mutable_data<uint8_t>() + 3 * width * y;
    for (int64_t x = 0; x < width / 2; ++x) {
      std::swap_ranges(row + 3 * x, row + 3 * x + 3, row + 3 * (width - 1 - x));
    }
  }
}

void BlotOut(float share, RandomStream& random, Tensor* photo) {
  const int64_t size = photo->dim(0);
  const auto side = static_cast<int64_t>(std::lround(share * static_cast<float>(size)));
  // Its middle is anywhere, so that it may hang over the edge.
  const int64_t top = Offset(random, size) - side / 2, left = Offset(random, size) - side / 2;
  const int64_t x0 = std::max<int64_t>(left, 0), x1 = std::min(left + side, size);
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + side, size) && x0 < x1; ++y) {
    uint8_t* row = photo->mutable_data<uint8_t>() + 3 * size * y;
    std::fill(row + 3 * x0, row + 3 * x1, kBlot);
  }
}

// Gamma(a, 1), for a share of Beta(a, a) (Marsaglia and Tsang 2000).
double Gamma(double a, RandomStream& random) {
  if (a < 1) {
    const double uniform = std::max<double>(random.Uniform(), 0x1p-25);
    return Gamma(a + 1, random) * std::pow(uniform, 1 / a);
  }
  const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = NormalPair(random.Next(), random.Next()).first;
    const double v = std::pow(1 + c * x, 3);
    const double uniform = std::max<double>(random.Uniform(), 0x1p-25);
    if (v > 0 && std::log(uniform) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}

float BetaShare(double alpha, RandomStream& random) {
  const double x = Gamma(alpha, random), y = Gamma(alpha, random);
  return x + y > 0 ? static_cast<float>(x / (x + y)) : 0.5f;
}

}  // namespace

absl::Status AugmentOptions::Check() const {
  const struct {
    const char* name;
    double value, low, high;
  } ranges[] = {{"the least area of a part", min_area, 0.01, 1},
                {"the aspect of a part", aspect, 1, 10},
                {"the change of colours", colour, 0, 1},
                {"the share of a blot", cutout, 0, 1},
                {"mixup", mixup, 0, 100}};
  for (const auto& range : ranges) {
    // Written so that a NaN is refused.
    if (range.value >= range.low && range.value <= range.high) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        range.name, " is ", range.value, ": it must lie between ", range.low, " and ", range.high));
  }
  return absl::OkStatus();
}

std::string AugmentOptions::ToString() const {
  return absl::StrCat("area ", min_area, ", aspect ", aspect, ", ", flip ? "flip" : "no flip",
                      ", colour ", colour, ", cutout ", cutout, ", mixup ", mixup);
}

absl::StatusOr<Tensor> AugmentPhoto(const Tensor& photo, int64_t size,
                                    const AugmentOptions& options, RandomStream random) {
  RETURN_IF_ERROR(CheckPhoto(photo));
  const PhotoPart part = RandomPart(photo.dim(0), photo.dim(1), options, random);
  ASSIGN_OR_RETURN(Tensor result, ScalePart(photo, part, size));
  if (options.flip && random.Uniform() < 0.5f) Mirror(&result);
  if (options.colour > 0) ChangeColours(options.colour, random, &result);
  if (options.cutout > 0) BlotOut(options.cutout, random, &result);
  return result;
}

absl::StatusOr<Example> MixPhotos(Example batch, const AugmentOptions& options,
                                  RandomStream random) {
  const int64_t rows = batch[0].dim(0);
  const absl::Span<const int32_t> labels = batch[1].flat<int32_t>();
  std::vector<int32_t> others(labels.begin(), labels.end());
  std::vector<float> shares(rows, 1);
  if (options.mixup > 0 && rows > 1) {
    // Each with the next one, in the order of the batch, which is a random one.
    const int64_t size = batch[0].num_elements() / rows;
    const uint8_t* from = batch[0].data<uint8_t>();
    ASSIGN_OR_RETURN(Tensor mixed, Tensor::Make(kUInt8, batch[0].shape()));
    uint8_t* to = mixed.mutable_data<uint8_t>();
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t other = (row + 1) % rows;
      // The larger share is the first one's: the pair is met from both sides.
      const float drawn = BetaShare(options.mixup, random);
      shares[row] = std::max(drawn, 1 - drawn);
      others[row] = labels[other];
      const uint8_t *a = from + row * size, *b = from + other * size;
      for (int64_t i = 0; i < size; ++i) {
        to[row * size + i] =
            static_cast<uint8_t>(shares[row] * a[i] + (1 - shares[row]) * b[i] + 0.5f);
      }
    }
    batch[0] = std::move(mixed);
  }
  return Example{batch[0], batch[1], Tensor::Vector<int32_t>(others),
                 Tensor::Vector<float>(shares)};
}

}  // namespace viv
