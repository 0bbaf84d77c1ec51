// The loops of resample.cc, in fixed point: weights are multiples of 2^-14, sums of rows multiples
// of 2^-7.
#ifndef VIV_MODELS_VISION_RESAMPLE_ROWS_H_
#define VIV_MODELS_VISION_RESAMPLE_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

inline constexpr int kWeightBits = 14;
inline constexpr int kRowBits = 7;

VIV_DECLARE_ISA(
    // sum[i] = the weighted sum of `taps` values, the first at rows[i], each `stride` behind the
    // one before; i < n.
    void SumRows(const uint8_t* rows, int64_t stride, const int16_t* weights, int64_t taps,
                 int64_t n, int16_t* sum);
    // to[3 x + c], x < n: the weighted sum of the count[x] pixels from row[3 first[x]] on, of
    // channel c. The weights lie one behind the other. `step` is 3, or -3: from right to left.
    void SumDots(const int16_t* row, const int32_t* first, const int32_t* count,
                 const int16_t* weights, int64_t n, int64_t step, uint8_t* to);)

}  // namespace viv

#endif  // VIV_MODELS_VISION_RESAMPLE_ROWS_H_
