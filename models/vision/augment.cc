// The part is scaled first; what follows works on the small square.
#include "models/vision/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/layers/option_ranges.h"
#include "models/vision/augment_rows.h"
#include "models/vision/resample.h"

namespace viv {
namespace {

// What a blot is filled with: no colour stands out.
constexpr uint8_t kBlot = 128;

float Between(RandomStream& random, float low, float high) {
  return low + (high - low) * random.Uniform();
}

int64_t Offset(RandomStream& random, int64_t most) {
  return static_cast<int64_t>(random.Below(static_cast<uint64_t>(most) + 1));
}

// Tries a few times to find a part of the wanted area and aspect; then takes the largest of a
// permitted aspect, anywhere.
PhotoPart RandomPart(const Tensor& photo, const AugmentOptions& options, RandomStream& random) {
  constexpr int kTries = 10;
  const auto height = static_cast<double>(photo.dim(0)), width = static_cast<double>(photo.dim(1));
  const double widest = std::log(options.aspect);
  PhotoPart part;
  for (int i = 0; i < kTries; ++i) {
    const double area = height * width * Between(random, options.min_area, 1);
    const double aspect = std::exp(Between(random, -widest, widest));
    part.width = std::sqrt(area * aspect);
    part.height = std::sqrt(area / aspect);
    if (part.width <= width && part.height <= height) break;
    part.width = std::min(width, height * options.aspect);
    part.height = std::min(height, width * options.aspect);
  }
  part.top = (height - part.height) * random.Uniform();
  part.left = (width - part.width) * random.Uniform();
  return part;
}

// Brightness, then contrast, then saturation, each without cutting off what the next may bring
// back.
void ChangeColours(float colour, RandomStream& random, Tensor* photo) {
  const auto factor = [&] { return Between(random, 1 - colour, 1 + colour); };
  const double brightness = factor(), contrast = factor(), saturation = factor();
  uint8_t* pixels = photo->mutable_data<uint8_t>();
  const int64_t count = photo->num_elements() / 3;
  const double mean = static_cast<double>(VIV_CALL_ISA(SumOfGrey)(pixels, count)) / count;
  const double scale = brightness * contrast;
  const auto fixed = [](double x) {
    return static_cast<int32_t>(std::lround(x * (1 << kColourBits)));
  };
  const auto change = VIV_CALL_ISA(ChangePixels);
  change(fixed(scale * saturation), fixed(scale * (1 - saturation)),
         fixed(brightness * (1 - contrast) * mean + 0.5), count, pixels);
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

// In (0, 1).
double Inside(RandomStream& random) { return (static_cast<double>(random.Next()) + 0.5) * 0x1p-32; }

// The logarithm of a number from Gamma(a, 1), which may be too small to be held (Marsaglia and
// Tsang 2000).
double LogGamma(double a, RandomStream& random) {
  if (a < 1) return LogGamma(a + 1, random) + std::log(Inside(random)) / a;
  const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const uint32_t first = random.Next();
    const double x = NormalPair(first, random.Next()).first;
    const double v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(Inside(random)) < x * x / 2 + d - d * v + d * std::log(v)) {
      return std::log(d * v);
    }
  }
}

// From Beta(alpha, alpha).
double BetaShare(double alpha, RandomStream& random) {
  const double x = LogGamma(alpha, random);
  return 1 / (1 + std::exp(LogGamma(alpha, random) - x));
}

}  // namespace

absl::Status AugmentOptions::Check() const {
  return CheckRanges({{"the least area of a part", min_area, 0.01, 1},
                      {"the aspect of a part", aspect, 1, 10},
                      {"the change of colours", colour, 0, 1},
                      {"the share of a blot", cutout, 0, 1},
                      {"mixup", mixup, 0, 100}});
}

std::string AugmentOptions::ToString() const {
  return absl::StrCat("area ", min_area, ", aspect ", aspect, ", ", flip ? "flip" : "no flip",
                      ", colour ", colour, ", cutout ", cutout, ", mixup ", mixup);
}

absl::StatusOr<Tensor> AugmentPhoto(const Tensor& photo, int64_t size,
                                    const AugmentOptions& options, RandomStream random) {
  RETURN_IF_ERROR(CheckPhoto(photo));
  const PhotoPart part = RandomPart(photo, options, random);
  const bool mirror = options.flip && random.Uniform() < 0.5f;
  ASSIGN_OR_RETURN(Tensor result, ScalePart(photo, part, size, size, mirror));
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
      const double drawn = BetaShare(options.mixup, random);
      const auto share =
          static_cast<int32_t>(std::lround(std::max(drawn, 1 - drawn) * (1 << kShareBits)));
      shares[row] = static_cast<float>(share) / (1 << kShareBits);
      others[row] = labels[other];
      VIV_CALL_ISA(MixValues)(from + row * size, from + other * size, share, size, to + row * size);
    }
    batch[0] = std::move(mixed);
  }
  return Example{batch[0], batch[1], Tensor::Vector<int32_t>(others),
                 Tensor::Vector<float>(shares)};
}

}  // namespace viv
