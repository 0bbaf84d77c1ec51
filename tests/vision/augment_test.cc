// Augmented photos: what changes, what stays, and that it is a function of the random stream.
#include "models/vision/augment.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "image_makers.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

constexpr AugmentOptions kNothing = {.min_area = 1, .aspect = 1, .flip = false, .colour = 0};

Tensor Augment(const Tensor& photo, const AugmentOptions& options, uint64_t seed,
               int64_t size = 32) {
  absl::StatusOr<Tensor> result = AugmentPhoto(photo, size, options, RandomStream(seed));
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : Tensor();
}

TEST(Augment, IsAFunctionOfTheStream) {
  const Tensor photo = SmoothPixels(60, 80);
  const AugmentOptions options = {.cutout = 0.3f};
  std::set<std::string> results;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Tensor once = Augment(photo, options, seed);
    EXPECT_TRUE(once.Identical(Augment(photo, options, seed)));
    results.insert(std::string(reinterpret_cast<const char*>(once.data<uint8_t>()), once.bytes()));
  }
  EXPECT_EQ(results.size(), 8);
}

TEST(Augment, DoesNothingWithoutOptions) {
  const Tensor photo = SmoothPixels(32, 32);
  EXPECT_TRUE(Augment(photo, kNothing, 1).Identical(photo));
}

TEST(Augment, MirrorsHalfOfThePhotos) {
  const Tensor photo = SmoothPixels(32, 32);
  AugmentOptions options = kNothing;
  options.flip = true;
  int mirrored = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Tensor result = Augment(photo, options, seed);
    if (result.Identical(photo)) continue;
    ++mirrored;
    for (int64_t x = 0; x < 32; ++x) {
      ASSERT_EQ(result.data<uint8_t>()[3 * x], photo.data<uint8_t>()[3 * (31 - x)]);
    }
  }
  EXPECT_NEAR(mirrored, 100, 30);
}

TEST(Augment, ShowsPartsOfAtLeastThatArea) {
  // A ramp tells how wide the part is.
  const Tensor photo = MakePixels(200, 200, 3, [](int64_t, int64_t x, int) { return x; });
  AugmentOptions options = kNothing;
  options.min_area = 0.25f;
  options.aspect = 1;
  int narrow = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Tensor part = Augment(photo, options, seed, 20);
    const int width = (part.data<uint8_t>()[3 * 19] - part.data<uint8_t>()[0]) * 20 / 19;
    EXPECT_GE(width, 96);
    narrow += width < 150;
  }
  EXPECT_GT(narrow, 10);
}

TEST(Augment, TakesPhotosOfAnyShape) {
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 300}, {300, 2}, {33, 31}}) {
    EXPECT_EQ(Augment(SmoothPixels(height, width), {}, 3).shape(), Shape({32, 32, 3}));
  }
}

TEST(Augment, ChangesColoursOfAllAlike) {
  const Tensor grey = MakePixels(32, 32, 3, [](int64_t, int64_t, int) { return 100; });
  AugmentOptions options = kNothing;
  options.colour = 0.5f;
  std::set<int> values;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Tensor result = Augment(grey, options, seed);
    const auto pixels = result.flat<uint8_t>();
    for (const uint8_t pixel : pixels) ASSERT_NEAR(pixel, pixels[0], 1) << "grey stays grey";
    values.insert(pixels[0]);
    EXPECT_GE(pixels[0], 49);
    EXPECT_LE(pixels[0], 151);
  }
  EXPECT_GT(values.size(), 10);
}

TEST(Augment, BlotsOutASquare) {
  const Tensor photo = MakePixels(32, 32, 3, [](int64_t, int64_t, int) { return 7; });
  AugmentOptions options = kNothing;
  options.cutout = 0.5f;
  int64_t most = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Tensor result = Augment(photo, options, seed);
    const auto pixels = result.flat<uint8_t>();
    const int64_t blot = 32 * 32 - std::count(pixels.begin(), pixels.end(), 7) / 3;
    EXPECT_LE(blot, 16 * 16);
    most = std::max(most, blot);
  }
  EXPECT_EQ(most, 16 * 16);
}

TEST(Augment, MixesPhotosAndLabels) {
  const Tensor photos = Tensor::Of<uint8_t>({3, 1, 1, 3}, {0, 0, 0, 100, 100, 100, 200, 200, 200});
  const Tensor labels = Tensor::Vector<int32_t>({5, 6, 7});
  const absl::StatusOr<Example> plain = MixPhotos({photos, labels}, kNothing, RandomStream(1));
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_TRUE((*plain)[0].Identical(photos));
  EXPECT_TRUE((*plain)[2].Identical(labels));
  for (const float share : (*plain)[3].flat<float>()) EXPECT_EQ(share, 1);

  AugmentOptions options = kNothing;
  options.mixup = 0.4f;
  double mean = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const absl::StatusOr<Example> mixed = MixPhotos({photos, labels}, options, RandomStream(seed));
    ASSERT_TRUE(mixed.ok()) << mixed.status();
    EXPECT_TRUE((*mixed)[1].Identical(labels));
    EXPECT_TRUE((*mixed)[2].Identical(Tensor::Vector<int32_t>({6, 7, 5})));
    for (int i = 0; i < 3; ++i) {
      const float share = (*mixed)[3].data<float>()[i];
      EXPECT_GE(share, 0.5f);
      EXPECT_LE(share, 1);
      const float expected = share * 100.0f * i + (1 - share) * 100.0f * ((i + 1) % 3);
      EXPECT_NEAR((*mixed)[0].data<uint8_t>()[3 * i], expected, 0.51);
      mean += share / 600;
    }
  }
  EXPECT_NEAR(mean, 0.85, 0.03);  // of the larger share of Beta(0.4, 0.4), by integration
}

TEST(Augment, RefusesOptionsOutOfRange) {
  EXPECT_TRUE(AugmentOptions().Check().ok());
  EXPECT_THAT(std::string(AugmentOptions{.min_area = 0}.Check().message()), HasSubstr("area"));
  EXPECT_THAT(std::string(AugmentOptions{.colour = -1}.Check().message()), HasSubstr("colours"));
  EXPECT_THAT(std::string(AugmentOptions{.mixup = NAN}.Check().message()), HasSubstr("mixup"));
}

}  // namespace
}  // namespace viv
