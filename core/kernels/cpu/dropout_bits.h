// Random bits for dropout, many at once.
#ifndef VIV_CORE_KERNELS_CPU_DROPOUT_BITS_H_
#define VIV_CORE_KERNELS_CPU_DROPOUT_BITS_H_

#include <cstdint>

#include "core/base/isa.h"
#include "core/tensor/float16.h"

namespace viv {

// Elements that are served together by 8 blocks of Philox4x32-10: element i takes half-word i / 8
// of block i % 8, the low half of a word first.
inline constexpr int64_t kDropoutGroup = 64;

// Numbers in [0, 65536) for the elements of group `group` of an example; equal on every machine.
VIV_DECLARE_ISA(void DropoutBits(uint64_t key, uint64_t example, uint64_t group, uint32_t* bits);)
// y[i] = bits[i] < threshold ? 0 : x[i] * scale for n <= kDropoutGroup elements; y may be x.
VIV_DECLARE_ISA(void DropoutApply(const uint32_t* bits, uint32_t threshold, float scale,
                                  const float* x, int64_t n, float* y);)

inline void DropoutApply(const uint32_t* bits, uint32_t threshold, float scale, const float* x,
                         int64_t n, float* y) {
  VIV_CALL_ISA(DropoutApply)(bits, threshold, scale, x, n, y);
}
VIV_DECLARE_ISA(void DropoutApplyBFloat16(const uint32_t* bits, uint32_t threshold, float scale,
                                          const uint16_t* x, int64_t n, uint16_t* y);)
inline void DropoutApply(const uint32_t* bits, uint32_t threshold, float scale, const BFloat16* x,
                         int64_t n, BFloat16* y) {
  VIV_CALL_ISA(DropoutApplyBFloat16)(bits, threshold, scale, &x->bits, n, &y->bits);
}
inline void DropoutApply(const uint32_t* bits, uint32_t threshold, double scale, const double* x,
                         int64_t n, double* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = bits[i] < threshold ? 0 : x[i] * scale;
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_DROPOUT_BITS_H_
