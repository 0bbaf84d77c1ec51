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

// For the search for the greatest of a row: tops[0], ..., of about n / group elements each, none of
// them in two, the greatest; returns how many there are, at least n / group and at most
// MostTops(n, group). Where there is a NaN one of them is. A top of nothing is -infinity.
VIV_DECLARE_ISA(int64_t GroupTops(const float* x, int64_t n, int64_t group, float* tops);)
VIV_DECLARE_ISA(int64_t MostTops(int64_t n, int64_t group);)
// Where the elements that are at least `least` lie, in order; returns how many.
VIV_DECLARE_ISA(int64_t FindAtLeast(const float* x, int64_t n, float least, int64_t* places);)

// folded[i] joined with x[i].
VIV_DECLARE_ISA(void JoinSum(const float* x, double* folded, int64_t n);)
VIV_DECLARE_ISA(void JoinProduct(const float* x, double* folded, int64_t n);)
VIV_DECLARE_ISA(void JoinGreatest(const float* x, float* folded, int64_t n);)
VIV_DECLARE_ISA(void JoinLeast(const float* x, float* folded, int64_t n);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_REDUCE_ROWS_H_
