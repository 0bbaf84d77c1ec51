// Scaled photos against Pillow's, and on all instruction sets alike.
#include "models/vision/resample.h"

#include <vector>

#include "core/base/random.h"
#include "gmock/gmock.h"
#include "image_makers.h"
#include "models/vision/augment_rows.h"
#include "models/vision/resample_rows.h"

namespace viv {
namespace {

struct ResampleCase {
  int64_t height, width;  // of the photo
  PhotoPart part;
  int64_t to_height, to_width;
  std::vector<int> expected;
};

// Image.fromarray(photo).resize((to_width, to_height), Image.BILINEAR, box=part) of Pillow 13.0.
const ResampleCase kCases[] = {
    {5, 7, {0, 0, 5, 7}, 3, 4, {65,  113, 159, 140, 136, 112, 107, 160, 126, 93,  146, 132,
                                119, 146, 137, 117, 129, 138, 149, 128, 124, 117, 163, 115,
                                118, 124, 177, 140, 130, 152, 147, 129, 130, 121, 112, 118}},
    {4, 4, {1.25, 0.5, 2.25, 2.75}, 5, 3, {81,  134, 187, 171, 130, 181, 186, 62,  111,
                                           99,  152, 155, 151, 149, 134, 133, 82,  135,
                                           117, 170, 121, 128, 169, 82,  75,  105, 158,
                                           135, 150, 124, 137, 138, 83,  76,  129, 158,
                                           153, 115, 142, 158, 87,  104, 100, 153, 148}},
    {1, 9, {0, 2, 1, 5}, 2, 2, {98, 151, 122, 118, 171, 132, 98, 151, 122, 118, 171, 132}},
    {9, 3, {0, 0, 9, 3}, 2, 7, {81,  130, 165, 88,  131, 160, 111, 135, 146, 133, 139,
                                131, 132, 133, 127, 131, 128, 123, 131, 126, 122, 121,
                                113, 119, 120, 118, 124, 116, 133, 141, 113, 148, 157,
                                120, 136, 144, 127, 125, 131, 129, 121, 127}},
    {2, 2, {0, 0, 2, 2}, 3, 3, {0,   53,  106, 46,  99, 152, 91,  144, 197, 19,  72,  125, 66, 119,
                                172, 113, 166, 219, 37, 90,  143, 86,  139, 192, 135, 188, 241}},
    {6,
     40,
     {0, 1.5, 6, 37.5},
     2,
     3,
     {129, 126, 129, 127, 124, 128, 122, 128, 125, 125, 134, 121, 118, 127, 132, 140, 123, 135}},
};

Tensor Photo(int64_t height, int64_t width) {
  return MakePixels(height, width, 3, [](int64_t y, int64_t x, int c) {
    return static_cast<int>((y * 37 + x * 91 + c * 53 + y * x * 7) % 256);
  });
}

TEST(Resample, AgreesWithPillow) {
  for (const ResampleCase& c : kCases) {
    const absl::StatusOr<Tensor> scaled =
        ScalePart(Photo(c.height, c.width), c.part, c.to_height, c.to_width);
    ASSERT_TRUE(scaled.ok()) << scaled.status();
    ASSERT_EQ(scaled->shape(), Shape({c.to_height, c.to_width, 3}));
    for (size_t i = 0; i < c.expected.size(); ++i) {
      // Pillow rounds between its two passes.
      EXPECT_NEAR(scaled->data<uint8_t>()[i], c.expected[i], 1)
          << c.height << " x " << c.width << ", value " << i;
    }
  }
}

TEST(Resample, KeepsWhatIsNotScaledAndMirrors) {
  const Tensor photo = Photo(5, 7);
  const PhotoPart all = {0, 0, 5, 7};
  EXPECT_TRUE(ScalePart(photo, all, 5, 7)->Identical(photo));
  const Tensor mirrored = *ScalePart(photo, all, 5, 7, /*mirror=*/true);
  for (int64_t i = 0; i < photo.num_elements(); ++i) {
    const int64_t y = i / 21, x = i % 21 / 3, c = i % 3;
    ASSERT_EQ(mirrored.data<uint8_t>()[i], photo.data<uint8_t>()[21 * y + 3 * (6 - x) + c]);
  }
}

// However many pixels become one, their weights come to 1, and none is left out.
TEST(Resample, ShrinksWithoutLoss) {
  const Tensor white = MakePixels(2, 100000, 3, [](int64_t, int64_t, int) { return 255; });
  const Tensor line = *ScalePart(white, {0, 0, 2, 100000}, 1, 3);
  for (const uint8_t value : line.flat<uint8_t>()) EXPECT_EQ(value, 255);
  const Tensor half =
      MakePixels(1, 100000, 3, [](int64_t, int64_t x, int) { return x % 2 == 0 ? 0 : 200; });
  const Tensor pixel = *ScalePart(half, {0, 0, 1, 100000}, 1, 1);
  for (const uint8_t value : pixel.flat<uint8_t>()) EXPECT_NEAR(value, 100, 1);
}

TEST(Resample, TakesPartsOfADot) {
  const Tensor photo = Photo(3, 3);
  const Tensor scaled = *ScalePart(photo, {1.4, 1.4, 0.01, 0.01}, 2, 2);
  for (int64_t i = 0; i < 12; ++i) {
    EXPECT_NEAR(scaled.data<uint8_t>()[i], photo.data<uint8_t>()[3 * 4 + i % 3], 20);
  }
}

#if defined(__x86_64__)
struct Loops {
  decltype(&baseline::SumRows) sum_rows;
  decltype(&baseline::SumDots) sum_dots;
  decltype(&baseline::SumOfGrey) sum_of_grey;
  decltype(&baseline::ChangePixels) change_dots;
  decltype(&baseline::MixValues) mix_values;
};
#define VIV_LOOPS(isa) \
  { isa::SumRows, isa::SumDots, isa::SumOfGrey, isa::ChangePixels, isa::MixValues }

// All that the loops make of some bytes.
std::vector<int64_t> Results(const Loops& loops, int64_t n) {
  RandomStream random(static_cast<uint64_t>(n));
  std::vector<uint8_t> bytes(6 * n + 3), out(3 * n);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random.Next());
  const int16_t weights[] = {9000, 7384, 16384};
  std::vector<int16_t> sums(3 * n);
  loops.sum_rows(bytes.data(), 3 * n, weights, 2, 3 * n, sums.data());
  std::vector<int64_t> all(sums.begin(), sums.end());
  const int32_t first[] = {0, static_cast<int32_t>(n - 1)}, count[] = {n > 1 ? 2 : 1, 1};
  const int16_t one[] = {16384, 16384};
  loops.sum_dots(sums.data(), first, count, n > 1 ? weights : one, 2, -3, out.data() + 3);
  all.insert(all.end(), out.begin(), out.begin() + 6);
  all.push_back(loops.sum_of_grey(bytes.data(), n));
  loops.mix_values(bytes.data(), bytes.data() + n, 11000, 3 * n, out.data());
  all.insert(all.end(), out.begin(), out.end());
  loops.change_dots(7000, -2100, 12345, n, bytes.data());
  all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

TEST(Resample, IsTheSameOnAllInstructionSets) {
  const Loops loops[] = {VIV_LOOPS(baseline), VIV_LOOPS(avx2), VIV_LOOPS(avx512),
                         VIV_LOOPS(avx512bf16)};
  for (const int64_t n : {2, 3, 21, 22, 64, 301}) {
    const std::vector<int64_t> expected = Results(loops[0], n);
    for (int isa = 1; isa <= static_cast<int>(MachineIsa()); ++isa) {
      EXPECT_EQ(Results(loops[isa], n), expected) << IsaName(static_cast<Isa>(isa)) << ", " << n;
    }
  }
}
#endif

}  // namespace
}  // namespace viv
