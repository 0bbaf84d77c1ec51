// Loops over one row for softmax, cross entropy and attention. Rows have at least one element.
#ifndef VIV_CORE_KERNELS_CPU_SOFTMAX_ROWS_H_
#define VIV_CORE_KERNELS_CPU_SOFTMAX_ROWS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/isa.h"
#include "core/tensor/float16.h"

namespace viv {

// y = softmax(x); y may be x.
VIV_DECLARE_ISA(void SoftmaxRow(const float* x, int64_t n, float* y);)
// log(sum(e^x)).
VIV_DECLARE_ISA(float LogSumExpRow(const float* x, int64_t n);)
// y = scale e^(x - shift) - offset; y may be x.
VIV_DECLARE_ISA(void ScaledExpRow(const float* x, int64_t n, float shift, float scale, float offset,
                                  float* y);)
VIV_DECLARE_ISA(float SumRow(const float* x, int64_t n);)

// The same of bfloat16; sums are float.
VIV_DECLARE_ISA(float LogSumExpRowBFloat16(const uint16_t* x, int64_t n);)
VIV_DECLARE_ISA(void ScaledExpRowBFloat16(const uint16_t* x, int64_t n, float shift, float scale,
                                          float offset, uint16_t* y);)
VIV_DECLARE_ISA(float SumRowBFloat16(const uint16_t* x, int64_t n);)

inline void SoftmaxRow(const float* x, int64_t n, float* y) { VIV_CALL_ISA(SoftmaxRow)(x, n, y); }
inline float LogSumExpRow(const float* x, int64_t n) { return VIV_CALL_ISA(LogSumExpRow)(x, n); }
inline void ScaledExpRow(const float* x, int64_t n, float shift, float scale, float offset,
                         float* y) {
  VIV_CALL_ISA(ScaledExpRow)(x, n, shift, scale, offset, y);
}
inline float SumRow(const float* x, int64_t n) { return VIV_CALL_ISA(SumRow)(x, n); }

inline float LogSumExpRow(const BFloat16* x, int64_t n) {
  return VIV_CALL_ISA(LogSumExpRowBFloat16)(&x->bits, n);
}
inline void ScaledExpRow(const BFloat16* x, int64_t n, float shift, float scale, float offset,
                         BFloat16* y) {
  VIV_CALL_ISA(ScaledExpRowBFloat16)(&x->bits, n, shift, scale, offset, &y->bits);
}
inline float SumRow(const BFloat16* x, int64_t n) {
  return VIV_CALL_ISA(SumRowBFloat16)(&x->bits, n);
}

inline double LogSumExpRow(const double* x, int64_t n) {
  const double top = *std::max_element(x, x + n);
  double sum = 0;
  for (int64_t j = 0; j < n; ++j) sum += std::exp(x[j] - top);
  return top + std::log(sum);
}
inline void ScaledExpRow(const double* x, int64_t n, double shift, double scale, double offset,
                         double* y) {
  for (int64_t j = 0; j < n; ++j) y[j] = scale * std::exp(x[j] - shift) - offset;
}
inline void SoftmaxRow(const double* x, int64_t n, double* y) {
  ScaledExpRow(x, n, LogSumExpRow(x, n), 1, 0, y);
}
inline double SumRow(const double* x, int64_t n) {
  double sum = 0;
  for (int64_t j = 0; j < n; ++j) sum += x[j];
  return sum;
}

// Rows of `columns` elements worth about 20 us.
inline int64_t SoftmaxGrain(int64_t columns) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, columns));
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_SOFTMAX_ROWS_H_
