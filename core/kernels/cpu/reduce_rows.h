// Loops that reduce rows of floats, compiled once per instruction set. Sums and products are formed
// in double. A NaN among the elements is the greatest and the least of them.
#ifndef VIV_CORE_KERNELS_CPU_REDUCE_ROWS_H_
#define VIV_CORE_KERNELS_CPU_REDUCE_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// `start` joined with x[0], ..., x[n - 1].
VIV_DECLARE_ISA(double FoldSum(const float* x, int64_t n, double start);)
VIV_DECLARE_ISA(double FoldProduct(const float* x, int64_t n, double start);)
VIV_DECLARE_ISA(float FoldGreatest(const float* x, int64_t n, float start);)
VIV_DECLARE_ISA(float FoldLeast(const float* x, int64_t n, float start);)

// folded[i] joined with x[i].
VIV_DECLARE_ISA(void JoinSum(const float* x, double* folded, int64_t n);)
VIV_DECLARE_ISA(void JoinProduct(const float* x, double* folded, int64_t n);)
VIV_DECLARE_ISA(void JoinGreatest(const float* x, float* folded, int64_t n);)
VIV_DECLARE_ISA(void JoinLeast(const float* x, float* folded, int64_t n);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_REDUCE_ROWS_H_
