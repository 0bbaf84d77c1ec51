// Loops that compilers vectorise.
#include <algorithm>

#include "models/vision/augment_rows.h"

namespace viv::VIV_ISA {
namespace {

// Rec. 601, in 256ths.
int32_t GreyOf(const uint8_t* pixel) {
  return (77 * pixel[0] + 150 * pixel[1] + 29 * pixel[2] + 128) >> 8;
}

}  // namespace

int64_t SumOfGrey(const uint8_t* pixels, int64_t n) {
  int64_t sum = 0;
  constexpr int64_t kPart = 1 << 20;  // whose sum fits into 32 bits
  for (int64_t begin = 0; begin < n; begin += kPart) {
    const int64_t end = std::min(n, begin + kPart);
    uint32_t part = 0;
    for (int64_t i = begin; i < end; ++i) part += GreyOf(pixels + 3 * i);
    sum += part;
  }
  return sum;
}

void ChangePixels(int32_t own, int32_t grey, int32_t shift, int64_t n, uint8_t* pixels) {
  for (int64_t i = 0; i < n; ++i) {
    uint8_t* pixel = pixels + 3 * i;
    const int32_t rest = grey * GreyOf(pixel) + shift;
    pixel[0] = static_cast<uint8_t>(std::clamp((own * pixel[0] + rest) >> kColourBits, 0, 255));
    pixel[1] = static_cast<uint8_t>(std::clamp((own * pixel[1] + rest) >> kColourBits, 0, 255));
    pixel[2] = static_cast<uint8_t>(std::clamp((own * pixel[2] + rest) >> kColourBits, 0, 255));
  }
}

void MixValues(const uint8_t* a, const uint8_t* b, int32_t share, int64_t n, uint8_t* to) {
  const int32_t rest = (1 << kShareBits) - share, half = 1 << (kShareBits - 1);
  for (int64_t i = 0; i < n; ++i) {
    to[i] = static_cast<uint8_t>((share * a[i] + rest * b[i] + half) >> kShareBits);
  }
}

}  // namespace viv::VIV_ISA
