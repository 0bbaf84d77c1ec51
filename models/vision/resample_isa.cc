// Rows are summed many values at a time, in registers; pixels of three channels one by one.
#include <algorithm>

#include "models/vision/resample_rows.h"

namespace viv::VIV_ISA {
namespace {

constexpr int64_t kBlock = 64;

int32_t Shifted(int32_t sum, int bits) { return (sum + (1 << (bits - 1))) >> bits; }

void SumBlock(const uint8_t* rows, int64_t stride, const int16_t* weights, int64_t taps,
              int16_t* to) {
  int32_t sum[kBlock] = {};
  for (int64_t tap = 0; tap < taps; ++tap, rows += stride) {
    for (int64_t i = 0; i < kBlock; ++i) sum[i] += weights[tap] * rows[i];
  }
  for (int64_t i = 0; i < kBlock; ++i) {
    to[i] = static_cast<int16_t>(Shifted(sum[i], kWeightBits - kRowBits));
  }
}

}  // namespace

void SumRows(const uint8_t* rows, int64_t stride, const int16_t* weights, int64_t taps, int64_t n,
             int16_t* sum) {
  int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) SumBlock(rows + i, stride, weights, taps, sum + i);
  for (; i < n; ++i) {
    int32_t one = 0;
    for (int64_t tap = 0; tap < taps; ++tap) one += weights[tap] * rows[i + tap * stride];
    sum[i] = static_cast<int16_t>(Shifted(one, kWeightBits - kRowBits));
  }
}

void SumDots(const int16_t* row, const int32_t* first, const int32_t* count, const int16_t* weights,
             int64_t n, int64_t step, uint8_t* to) {
  for (int64_t x = 0; x < n; ++x, to += step) {
    const int16_t* pixel = row + 3 * static_cast<int64_t>(first[x]);
    int32_t red = 0, green = 0, blue = 0;
    for (const int16_t* end = weights + count[x]; weights != end; ++weights, pixel += 3) {
      red += *weights * pixel[0];
      green += *weights * pixel[1];
      blue += *weights * pixel[2];
    }
    to[0] = static_cast<uint8_t>(Shifted(red, kWeightBits + kRowBits));
    to[1] = static_cast<uint8_t>(Shifted(green, kWeightBits + kRowBits));
    to[2] = static_cast<uint8_t>(Shifted(blue, kWeightBits + kRowBits));
  }
}

}  // namespace viv::VIV_ISA
