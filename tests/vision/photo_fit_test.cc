// Photos of all shapes become squares.
#include "models/vision/photo_fit.h"

#include "gmock/gmock.h"
#include "image_makers.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

Tensor Fit(const Tensor& photo, const PhotoFit& fit) {
  absl::StatusOr<Tensor> fitted = FitPhoto(photo, fit);
  EXPECT_TRUE(fitted.ok()) << fitted.status();
  return fitted.ok() ? *fitted : Tensor();
}

TEST(PhotoFit, TakesAnyShape) {
  for (const auto& [height, width] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 1}, {1, 500}, {500, 1}, {7, 9}, {64, 64}, {300, 200}}) {
    const Tensor photo =
        MakePixels(height, width, 3, [](int64_t, int64_t, int c) { return 50 * c; });
    for (const float crop : {1.0f, 0.875f, 0.01f}) {
      const Tensor fitted = Fit(photo, {.size = 64, .crop = crop});
      ASSERT_EQ(fitted.shape(), Shape({64, 64, 3}));
      for (int i = 0; i < 3; ++i) EXPECT_EQ(fitted.data<uint8_t>()[3 * 1000 + i], 50 * i);
    }
  }
}

TEST(PhotoFit, ShowsTheMiddle) {
  // Dark at the left and the right, where the square does not reach.
  const Tensor photo =
      MakePixels(10, 30, 3, [](int64_t, int64_t x, int) { return x < 10 || x >= 20 ? 0 : 200; });
  const Tensor fitted = Fit(photo, {.size = 10});
  for (int64_t i = 0; i < fitted.num_elements(); ++i) ASSERT_EQ(fitted.data<uint8_t>()[i], 200);
}

TEST(PhotoFit, StretchesOnRequest) {
  const Tensor photo =
      MakePixels(10, 30, 3, [](int64_t, int64_t x, int) { return x < 15 ? 10 : 200; });
  const Tensor fitted = Fit(photo, {.size = 10, .crop = 0.5f, .stretch = true});
  for (int64_t i = 0; i < fitted.num_elements(); ++i) {
    const int64_t x = i / 3 % 10;
    if (x == 4 || x == 5) continue;  // the border between both
    ASSERT_EQ(fitted.data<uint8_t>()[i], x < 5 ? 10 : 200);
  }
}

TEST(PhotoFit, ShrinksByMeansOverAreas) {
  const Tensor photo = MakePixels(64, 64, 3, [](int64_t y, int64_t x, int) {
    return (x + y) % 2 == 0 ? 100 : 200;  // what skips pixels would show one of both
  });
  const Tensor fitted = Fit(photo, {.size = 16});
  for (int64_t i = 0; i < fitted.num_elements(); ++i) {
    ASSERT_NEAR(fitted.data<uint8_t>()[i], 150, 1);
  }
}

TEST(PhotoFit, GoesThroughJson) {
  const absl::StatusOr<PhotoFit> fit = PhotoFit::FromJson(PhotoFit{96, 0.5f}.ToJson());
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_EQ(fit->size, 96);
  EXPECT_EQ(fit->crop, 0.5f);
  EXPECT_FALSE(fit->stretch);
  EXPECT_EQ(fit->min_side(), 192);
  EXPECT_TRUE(PhotoFit::FromJson(PhotoFit{.size = 96, .stretch = true}.ToJson())->stretch);
  for (const char* bad : {"", "{}", R"({"size": 0, "crop": 1})", R"({"size": 64, "crop": 0})",
                          R"({"size": 64, "crop": 1, "colour": 2})"}) {
    EXPECT_FALSE(PhotoFit::FromJson(bad).ok()) << bad;
  }
}

TEST(PhotoFit, RefusesWhatIsNoPhoto) {
  const PhotoFit fit = {.size = 64};
  EXPECT_THAT(std::string(FitPhoto(Tensor(), fit).status().message()), HasSubstr("nothing"));
  for (const Shape& shape : {Shape({2, 2}), Shape({2, 2, 4}), Shape({0, 2, 3})}) {
    EXPECT_THAT(std::string(FitPhoto(*Tensor::Zeros(kUInt8, shape), fit).status().message()),
                HasSubstr(shape.ToString()));
  }
}

}  // namespace
}  // namespace viv
