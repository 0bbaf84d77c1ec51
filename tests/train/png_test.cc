// PNG files, unpacked again by hand.
#include "core/train/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <vector>

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

uint32_t BigEndian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

struct Chunk {
  std::string kind, data;
};

std::vector<Chunk> Chunks(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::vector<Chunk> chunks;
  for (size_t at = 8; at < png.size();) {
    const uint32_t size = BigEndian(png, at);
    const std::string covered = png.substr(at + 4, 4 + size);
    EXPECT_EQ(BigEndian(png, at + 8 + size),
              crc32(0, reinterpret_cast<const Bytef*>(covered.data()), covered.size()));
    chunks.push_back({covered.substr(0, 4), covered.substr(4)});
    at += 12 + size;
  }
  return chunks;
}

// The pixels of a file whose rows all have the filter "up".
std::vector<uint8_t> Pixels(const std::string& packed, size_t height, size_t stride) {
  std::vector<uint8_t> rows(height * (stride + 1));
  uLongf size = rows.size();
  EXPECT_EQ(
      uncompress(rows.data(), &size, reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
      Z_OK);
  EXPECT_EQ(size, rows.size());
  std::vector<uint8_t> pixels;
  for (size_t y = 0; y < height; ++y) {
    EXPECT_EQ(rows[y * (stride + 1)], 2);
    for (size_t x = 0; x < stride; ++x) {
      const uint8_t above = y == 0 ? 0 : pixels[pixels.size() - stride];
      pixels.push_back(rows[y * (stride + 1) + 1 + x] + above);
    }
  }
  return pixels;
}

TEST(Png, HoldsThePixels) {
  const int colour_types[] = {0, 0, 4, 2, 6};
  for (const int64_t channels : {1, 2, 3, 4}) {
    Tensor image = *Tensor::Make(kUInt8, Shape({5, 3, channels}));
    std::vector<uint8_t> expected;
    for (int64_t i = 0; i < image.num_elements(); ++i) {
      expected.push_back(static_cast<uint8_t>(255 - 37 * i));
      image.mutable_data<uint8_t>()[i] = expected.back();
    }
    const auto png = EncodePng(image);
    ASSERT_TRUE(png.ok()) << png.status();
    const std::vector<Chunk> chunks = Chunks(*png);
    ASSERT_EQ(chunks.size(), 3u);
    EXPECT_EQ(chunks[0].kind, "IHDR");
    EXPECT_EQ(BigEndian(chunks[0].data, 0), 3u);
    EXPECT_EQ(BigEndian(chunks[0].data, 4), 5u);
    EXPECT_THAT(chunks[0].data.substr(8), ElementsAre(8, colour_types[channels], 0, 0, 0));
    EXPECT_EQ(chunks[1].kind, "IDAT");
    EXPECT_EQ(Pixels(chunks[1].data, 5, 3 * channels), expected);
    EXPECT_EQ(chunks[2].kind, "IEND");
    EXPECT_EQ(chunks[2].data, "");
  }
}

TEST(Png, RefusesWhatIsNoImage) {
  const auto message = [](DType dtype, const Shape& shape) {
    return std::string(EncodePng(*Tensor::Make(dtype, shape)).status().message());
  };
  EXPECT_EQ(message(kUInt8, Shape({2, 2, 5})),
            "an image is uint8 [H, W, C] of 1 to 4 channels, not uint8 [2, 2, 5]");
  EXPECT_THAT(message(kFloat, Shape({2, 2, 3})), HasSubstr("not float [2, 2, 3]"));
  EXPECT_THAT(message(kUInt8, Shape({2, 2})), HasSubstr("not uint8 [2, 2]"));
  EXPECT_THAT(message(kUInt8, Shape({0, 2, 3})), HasSubstr("not uint8 [0, 2, 3]"));
}

}  // namespace
}  // namespace viv
