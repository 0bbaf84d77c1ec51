// Photos of all kinds, good and bad, into pixels.
#include "datasets/images/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "datasets/images/encode.h"
#include "image_makers.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Tensor Decode(const std::string& bytes, const DecodeOptions& options = {}) {
  absl::StatusOr<Tensor> image = DecodeImage(bytes, options);
  EXPECT_TRUE(image.ok()) << image.status();
  return image.ok() ? *image : *Tensor::Zeros(kUInt8, Shape({0, 0, 3}));
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

absl::Status Error(const std::string& bytes, const DecodeOptions& options = {}) {
  return DecodeImage(bytes, options).status();
}

// The largest difference of two images of one shape, 256 where the shapes differ.
int Difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return 256;
  int largest = 0;
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    largest = std::max(largest, std::abs(a.data<uint8_t>()[i] - b.data<uint8_t>()[i]));
  }
  return largest;
}

std::vector<int> PixelAt(const Tensor& image, int64_t y, int64_t x) {
  const uint8_t* p = image.data<uint8_t>() + 3 * (y * image.dim(1) + x);
  return {p[0], p[1], p[2]};
}

TEST(Decode, ReadsAllFormats) {
  const Tensor image = SmoothPixels(21, 34);
  EXPECT_LE(Difference(Decode(MakeJpeg(image)), image), 6);
  EXPECT_LE(Difference(Decode(MakeJpeg(image, {.progressive = true})), image), 6);
  EXPECT_EQ(Difference(Decode(MakePng(image)), image), 0);
  EXPECT_EQ(Difference(Decode(MakePng(image, {.interlaced = true})), image), 0);
  EXPECT_EQ(Difference(Decode(MakeWebp(image)), image), 0);
  EXPECT_LE(Difference(Decode(MakeWebp(image, 95)), image), 12);
}

TEST(Decode, MakesEightBitsAndThreeChannelsOfAll) {
  const Tensor grey = MakePixels(5, 7, 1, [](int64_t y, int64_t x, int) { return 30 * y + x; });
  const Tensor as_rgb = MakePixels(5, 7, 3, [](int64_t y, int64_t x, int) { return 30 * y + x; });
  EXPECT_EQ(Difference(Decode(MakePng(grey)), as_rgb), 0);
  EXPECT_EQ(Difference(Decode(MakePng(grey, {.sixteen_bits = true})), as_rgb), 0);
  EXPECT_LE(Difference(Decode(MakeJpeg(grey)), as_rgb), 6);
  const Tensor image = SmoothPixels(6, 9);
  EXPECT_LE(Difference(Decode(MakePng(image, {.sixteen_bits = true})), image), 0);
}

TEST(Decode, PutsTransparentPartsOverWhite) {
  // Channel 3, the alpha, is 0 in the left column, 128 in the middle, 255 at the right.
  const Tensor image = MakePixels(4, 3, 4, [](int64_t, int64_t x, int c) {
    return c == 3 ? (x == 0 ? 0 : x == 1 ? 128 : 255) : 100;
  });
  for (const std::string& file : {MakePng(image), MakeWebp(image)}) {
    const Tensor out = Decode(file);
    EXPECT_EQ(PixelAt(out, 1, 0), (std::vector<int>{255, 255, 255}));
    EXPECT_EQ(PixelAt(out, 1, 1), (std::vector<int>{177, 177, 177}));
    EXPECT_EQ(PixelAt(out, 1, 2), (std::vector<int>{100, 100, 100}));
  }
  const Tensor grey =
      MakePixels(2, 2, 2, [](int64_t, int64_t x, int c) { return c == 1 ? 255 * x : 9; });
  EXPECT_EQ(PixelAt(Decode(MakePng(grey)), 0, 0), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(PixelAt(Decode(MakePng(grey)), 0, 1), (std::vector<int>{9, 9, 9}));
}

TEST(Decode, ReadsTheFirstPictureOfAGif) {
  // Larger than one step of the interlacing; colour 1, red, is a square at the upper left.
  const Tensor indices = MakePixels(11, 13, 1, [](int64_t y, int64_t x, int) {
    return y < 4 && x < 5 ? 1 : y == 10 ? 0 : 2;
  });
  for (const bool interlaced : {false, true}) {
    const Tensor out = Decode(MakeGif(indices.Reshaped(Shape({11, 13})), interlaced, 0));
    ASSERT_EQ(out.shape(), Shape({13, 16, 3}));                        // the canvas
    EXPECT_EQ(PixelAt(out, 0, 0), (std::vector<int>{255, 255, 255}));  // beside the picture
    EXPECT_EQ(PixelAt(out, 1, 1), (std::vector<int>{255, 0, 0}));
    EXPECT_EQ(PixelAt(out, 4, 5), (std::vector<int>{255, 0, 0}));
    EXPECT_EQ(PixelAt(out, 5, 5), (std::vector<int>{0, 255, 0}));
    EXPECT_EQ(PixelAt(out, 11, 3), (std::vector<int>{255, 255, 255}));  // the transparent colour
  }
}

TEST(Decode, ReadsTheFirstPictureOfAnAnimatedWebp) {
  const Tensor picture = MakePixels(4, 6, 3, [](int64_t y, int64_t x, int) { return 10 * y + x; });
  const Tensor out = Decode(MakeAnimatedWebp(picture, 10, 12));
  ASSERT_EQ(out.shape(), Shape({10, 12, 3}));
  EXPECT_EQ(PixelAt(out, 1, 1), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(PixelAt(out, 3, 4), (std::vector<int>{12, 12, 12}));
  EXPECT_EQ(PixelAt(out, 6, 2), (std::vector<int>{255, 255, 255}));
}

TEST(EncodeWebp, KeepsWhatIsSeen) {
  const Tensor image = SmoothPixels(40, 30);
  EXPECT_LE(Difference(Decode(*EncodeWebp(image, 95)), image), 12);
  EXPECT_LT(EncodeWebp(image, 10)->size(), EncodeWebp(image, 95)->size());
  for (const Shape& shape :
       {Shape({4, 4}), Shape({4, 4, 4}), Shape({0, 4, 3}), Shape({4, 16384, 3})}) {
    const auto status = EncodeWebp(*Tensor::Zeros(kUInt8, shape)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(EncodeWebp(*Tensor::Zeros(kFloat, Shape({4, 4, 3}))).status()));
}

TEST(Decode, ConvertsInks) {
  // Cyan, magenta, yellow, black: full ink is 0 as Adobe stores it.
  const int inks[3][4] = {{0, 255, 255, 255}, {255, 255, 255, 0}, {255, 255, 255, 255}};
  const std::vector<int> expected[3] = {{0, 255, 255}, {0, 0, 0}, {255, 255, 255}};
  for (int i = 0; i < 3; ++i) {
    for (const bool adobe : {true, false}) {
      const Tensor image = MakePixels(16, 16, 4, [&](int64_t, int64_t, int c) {
        return adobe ? inks[i][c] : 255 - inks[i][c];
      });
      const std::vector<int> got = PixelAt(Decode(MakeJpeg(image, {.adobe = adobe})), 8, 8);
      for (int c = 0; c < 3; ++c) EXPECT_NEAR(got[c], expected[i][c], 3) << i << adobe;
    }
  }
}

TEST(Decode, TurnsPhotosUpright) {
  const int64_t height = 16, width = 24;
  const Tensor stored = SmoothPixels(height, width);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    // Where the stored pixel (y, x) is to be seen: the definition of Exif, row by row.
    const Tensor upright = MakePixels(
        orientation < 5 ? height : width, orientation < 5 ? width : height, 3,
        [&](int64_t y, int64_t x, int c) {
          const int64_t from_y[] = {
              y, y, height - 1 - y, height - 1 - y, x, height - 1 - x, height - 1 - x, x};
          const int64_t from_x[] = {x, width - 1 - x, width - 1 - x, x, y,
                                    y, width - 1 - y, width - 1 - y};
          return PixelAt(stored, from_y[orientation - 1], from_x[orientation - 1])[c];
        });
    EXPECT_EQ(Difference(Decode(MakePng(stored, {.orientation = orientation})), upright), 0)
        << orientation;
    EXPECT_LE(Difference(Decode(MakeJpeg(stored, {.orientation = orientation})), upright), 8)
        << orientation;
  }
  EXPECT_EQ(Difference(Decode(MakePng(stored, {.orientation = 9})), stored), 0);
}

TEST(Decode, ShrinksWhileItDecodes) {
  const Tensor image = SmoothPixels(150, 401);
  const Tensor quarter = MakePixels(38, 101, 3, [&](int64_t y, int64_t x, int c) {
    int64_t sum = 0, count = 0;
    for (int64_t v = 4 * y; v < std::min<int64_t>(4 * y + 4, 150); ++v) {
      for (int64_t u = 4 * x; u < std::min<int64_t>(4 * x + 4, 401); ++u, ++count) {
        sum += PixelAt(image, v, u)[c];
      }
    }
    return static_cast<int>((sum + count / 2) / count);
  });
  const DecodeOptions options = {.min_side = 37};
  EXPECT_EQ(Difference(Decode(MakePng(image), options), quarter), 0);
  EXPECT_LE(Difference(Decode(MakeWebp(image, 95), options), quarter), 14);
  EXPECT_LE(Difference(Decode(MakeJpeg(image), options), quarter), 6);
  EXPECT_EQ(Decode(MakeJpeg(image), {.min_side = 38}).shape(), Shape({75, 201, 3}));
  EXPECT_EQ(Decode(MakeJpeg(image), {.max_pixels = 100 * 38}).shape(), Shape({19, 51, 3}));
  // Further than libjpeg does.
  EXPECT_EQ(Decode(MakeJpeg(image), {.min_side = 9}).shape(), Shape({10, 26, 3}));
}

TEST(Decode, TakesTheSmallestAndTheThinnest) {
  for (const Tensor& image : {SmoothPixels(1, 1), SmoothPixels(1, 3000), SmoothPixels(3000, 1)}) {
    for (const std::string& file : {MakeJpeg(image), MakePng(image), MakeWebp(image)}) {
      EXPECT_EQ(Decode(file).shape(), image.shape());
      EXPECT_EQ(Decode(file, {.max_pixels = 1}).shape(), Shape({1, 1, 3}));
    }
  }
}

int64_t PeakMegabytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

TEST(Decode, BoundsTheMemoryOfHugeImages) {
  const std::string huge = MakePlainPng(9000, 9000);
  const int64_t before = PeakMegabytes();
  const Tensor image = Decode(huge, {.min_side = 224});
  EXPECT_EQ(image.shape(), Shape({282, 282, 3}));
  EXPECT_EQ(PixelAt(image, 281, 281), (std::vector<int>{200, 200, 200}));
  EXPECT_LT(PeakMegabytes() - before, 20);  // not the 240 of all its pixels
  EXPECT_EQ(Decode(MakePlainPng(9000, 4000)).shape(), Shape({2000, 4500, 3}));  // 2^25 pixels
}

// A PNG whose header claims another size, with the right checksum.
std::string ClaimSize(std::string png, uint32_t width, uint32_t height) {
  const auto put = [&](size_t at, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) png[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  put(29, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17)));
  return png;
}

TEST(Decode, RefusesWhatNeedsTooMuchMemory) {
  const int64_t before = PeakMegabytes();
  const absl::Status bomb = Error(ClaimSize(MakePlainPng(8, 8), 65536, 65536));
  EXPECT_EQ(bomb.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Text(bomb), HasSubstr("65536 x 65536 pixels, more than 2^30"));
  const absl::Status interlaced = Error(ClaimSize(MakePlainPng(8, 8, true), 14000, 14000));
  EXPECT_EQ(interlaced.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Text(interlaced), HasSubstr("14000 x 14000 pixels and is interlaced"));
  std::string jpeg = MakeJpeg(SmoothPixels(8, 8), {.progressive = true});
  const size_t size = jpeg.find("\xff\xc2") + 5;  // height and width in the frame's header
  jpeg.replace(size, 4, "\x50\1\x50\1");
  const absl::Status progressive = Error(jpeg, {.min_side = 224});
  EXPECT_EQ(progressive.code(), absl::StatusCode::kResourceExhausted) << progressive;
  EXPECT_THAT(Text(progressive), HasSubstr("20481 x 20481 pixels and is progressive"));
  EXPECT_LT(PeakMegabytes() - before, 20);
}

TEST(Decode, NamesWhatIsNoImage) {
  EXPECT_THAT(Text(Error("")), HasSubstr("it is empty (0 bytes)"));
  EXPECT_THAT(Text(Error("Dear diary,\ntoday")),
              AllOf(HasSubstr("not an image but text"), HasSubstr("JPEG, PNG, WebP and GIF")));
  EXPECT_THAT(Error(std::string("\0\0\0\x18"
                                "ftypheic",
                                12))
                  .message(),
              HasSubstr("a HEIC picture"));
  EXPECT_THAT(Text(Error(std::string("\0\1\2\3", 4))), HasSubstr("(first bytes 00010203)"));
  for (const std::string& head : {std::string("\xff\xd8\xff"), std::string("\x89PNG\r\n\x1a\n"),
                                  std::string("GIF89a"), std::string("RIFF\1\0\0\0WEBP", 12)}) {
    EXPECT_EQ(Error(head).code(), absl::StatusCode::kDataLoss) << Error(head);
  }
}

TEST(Decode, FindsTruncation) {
  const Tensor image = SmoothPixels(64, 80);
  const Tensor indices =
      MakePixels(64, 80, 1, [](int64_t y, int64_t x, int) { return (y ^ x) % 4; });
  const std::string files[] = {MakeJpeg(image),
                               MakeJpeg(image, {.progressive = true}),
                               MakePng(image),
                               MakePng(image, {.interlaced = true}),
                               MakeWebp(image),
                               MakeWebp(image, 80),
                               MakeGif(indices.Reshaped(Shape({64, 80})), false, -1)};
  for (const std::string& file : files) {
    // Of a GIF the second picture, of the others their last bytes may be missing.
    for (const double part : {0.05, 0.2, 0.45}) {
      const std::string cut = file.substr(0, std::max<size_t>(16, part * file.size()));
      const absl::Status error = Error(cut);
      EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss) << error << " " << part;
      EXPECT_THAT(Text(error), HasSubstr("truncated")) << part;
    }
  }
  EXPECT_THAT(Text(Error(files[0].substr(0, files[0].size() - 40))), HasSubstr("of 64 on"));
  // Without its end mark alone a JPEG is whole.
  EXPECT_EQ(Difference(Decode(files[0].substr(0, files[0].size() - 2)), Decode(files[0])), 0);
}

TEST(Decode, SurvivesDamagedBytes) {
  const Tensor image = SmoothPixels(40, 50);
  const Tensor indices =
      MakePixels(40, 50, 1, [](int64_t y, int64_t x, int) { return (y ^ x) % 4; });
  const std::string files[] = {MakeJpeg(image, {.orientation = 6}),
                               MakeJpeg(image, {.progressive = true}),
                               MakePng(image, {.orientation = 3}),
                               MakeWebp(image),
                               MakeWebp(image, 80),
                               MakeAnimatedWebp(image, 60, 60),
                               MakeGif(indices.Reshaped(Shape({40, 50})), true, 2)};
  uint32_t random = 1;
  for (const std::string& file : files) {
    for (int round = 0; round < 300; ++round) {
      std::string bad = file;
      for (int i = 0; i < 3; ++i) {
        random = random * 1664525 + 1013904223;
        bad[random / 7 % (round % 2 == 0 ? bad.size() : std::min<size_t>(bad.size(), 64))] =
            static_cast<char>(random >> 24);
      }
      const absl::StatusOr<Tensor> out = DecodeImage(bad, {.max_pixels = 1 << 16});
      EXPECT_LE(out.ok() ? out->num_elements() : 0, 3 << 16);
    }
  }
}

class ReadImageTest : public FolderTest {};

TEST_F(ReadImageTest, LooksAtTheContentsNotAtTheName) {
  const Tensor image = SmoothPixels(5, 6);
  const auto read = ReadImage(env_, Write("renamed.jpg", MakePng(image)));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->Identical(image));
}

TEST_F(ReadImageTest, NamesTheFile) {
  const std::string cut = Write("cut.jpg", MakeJpeg(SmoothPixels(64, 64)).substr(0, 500));
  EXPECT_THAT(Text(ReadImage(env_, cut).status()), AllOf(StartsWith(cut), HasSubstr("truncated")));
  const std::string empty = Write("empty.jpg", "");
  EXPECT_EQ(Text(ReadImage(env_, empty).status()), empty + ": it is empty (0 bytes)");
  EXPECT_THAT(Text(ReadImage(env_, directory_).status()), HasSubstr("it is a directory"));
  EXPECT_EQ(ReadImage(env_, directory_ + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Text(ReadImage(env_, "/dev/zero").status()), HasSubstr("a device"));
}

TEST(HasImageName, KnowsTheEnds) {
  EXPECT_TRUE(HasImageName("a/b.JPEG"));
  EXPECT_TRUE(HasImageName("b.webp"));
  EXPECT_FALSE(HasImageName("jpg"));
  EXPECT_FALSE(HasImageName("b.txt"));
}

}  // namespace
}  // namespace viv
