// Curves come back out of event files as they went in, also of a run that was resumed, and are
// drawn where they belong.
#include "core/train/curves.h"

#include <unistd.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/train/event_file.h"
#include "core/train/png.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class ReadCurvesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Env::Default()->Remove(directory_).ok()); }
  void TearDown() override { EXPECT_TRUE(Env::Default()->Remove(directory_).ok()); }

  // A file of a run from `first` to `last`, with the value step * factor.
  void Write(int64_t first, int64_t last, double factor, double time) {
    auto file = EventFile::Create(Env::Default(), directory_,
                                  {.first_step = first, .now = [time] { return time; }});
    ASSERT_TRUE(file.ok()) << file.status();
    for (int64_t step = std::max<int64_t>(first, 1); step <= last; ++step) {
      ASSERT_TRUE((*file)->AddScalar(step, "loss", factor * static_cast<double>(step)).ok());
    }
    ASSERT_TRUE((*file)->AddText(last, "text", "words").ok());
    ASSERT_TRUE((*file)->Close().ok());
  }

  const std::string directory_ = absl::StrCat(testing::TempDir(), "/viv_curves_", getpid());
};

TEST_F(ReadCurvesTest, AResumedRunReplacesWhatItDoesAgain) {
  Write(0, 4, 1, 1e9);
  Write(3, 5, 10, 2e9);
  const auto curves = ReadCurves(Env::Default(), directory_);
  ASSERT_TRUE(curves.ok()) << curves.status();
  ASSERT_EQ(curves->size(), 1u);
  EXPECT_THAT(curves->at("loss").points,
              ElementsAre(Pair(1, 1), Pair(2, 2), Pair(3, 30), Pair(4, 40), Pair(5, 50)));
}

TEST_F(ReadCurvesTest, ADamagedFileCountsUpToTheDamage) {
  Write(0, 4, 1, 1e9);
  Env* env = Env::Default();
  const std::string path = JoinPath(directory_, env->ListDir(directory_)->front());
  const std::string whole = *env->ReadFile(path);
  ASSERT_TRUE(WriteFileAtomically(env, path, whole.substr(0, whole.size() * 2 / 3)).ok());
  const auto curves = ReadCurves(env, directory_);
  ASSERT_TRUE(curves.ok()) << curves.status();
  EXPECT_GE(curves->at("loss").points.size(), 1u);
  EXPECT_LT(curves->at("loss").points.size(), 4u);
  EXPECT_FALSE(ReadCurves(env, "/nowhere").ok());
}

// Whether a pixel within 3 of (x, y) is far from grey.
bool IsColoured(const Tensor& image, int64_t x, int64_t y) {
  for (int64_t v = std::max<int64_t>(y - 3, 0); v <= std::min(y + 3, image.dim(0) - 1); ++v) {
    for (int64_t u = std::max<int64_t>(x - 3, 0); u <= std::min(x + 3, image.dim(1) - 1); ++u) {
      const uint8_t* pixel = image.data<uint8_t>() + 3 * (v * image.dim(1) + u);
      if (std::abs(int{pixel[0]} - int{pixel[2]}) > 60) return true;
    }
  }
  return false;
}

TEST(DrawCurves, PutsLinesWhereTheyBelong) {
  const Curve rising = {"rising", {{0, 0}, {100, 1}}};
  const auto image = DrawCurves({rising});
  ASSERT_TRUE(image.ok()) << image.status();
  const int64_t height = image->dim(0), width = image->dim(1);
  ASSERT_EQ(image->shape(), Shape({height, width, 3}));
  // The frame, and the middle of it.
  const int64_t left = 90, right = width - 30, top = 44, bottom = height - 44;
  EXPECT_TRUE(IsColoured(*image, left, bottom));
  EXPECT_TRUE(IsColoured(*image, right, top));
  EXPECT_TRUE(IsColoured(*image, (left + right) / 2, (top + bottom) / 2));
  EXPECT_FALSE(IsColoured(*image, right, bottom));
  EXPECT_FALSE(IsColoured(*image, left + 20, top + 20));
  // Two curves are twice as high; equal curves give equal images.
  EXPECT_EQ(DrawCurves({rising, rising})->dim(0), 2 * height);
  EXPECT_EQ(*EncodePng(*image), *EncodePng(*DrawCurves({rising})));
}

TEST(DrawCurves, TakesOddCurves) {
  EXPECT_FALSE(DrawCurves({}).ok());
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  for (const Curve& curve :
       {Curve{"none", {}}, Curve{"one", {{7, 3.5}}}, Curve{"flat", {{1, 0}, {2, 0}}},
        Curve{"gaps", {{1, kNan}, {2, 1}, {3, kInfinite}, {4, 1e300}, {5, -1e300}}},
        Curve{"only gaps", {{1, kNan}}}, Curve{"tiny", {{1, 1e-30}, {2, 2e-30}}},
        Curve{"letters \xC3\xA9", {{1, 1e9}, {int64_t{1} << 40, 2e9}}}}) {
    const auto image = DrawCurves({curve});
    EXPECT_TRUE(image.ok()) << curve.name << image.status();
  }
}

}  // namespace
}  // namespace viv
