// Rows of floats for the element-wise kernels, compiled once per instruction set. The output may be
// an input.
#ifndef VIV_CORE_KERNELS_CPU_ELEMENTWISE_ROWS_H_
#define VIV_CORE_KERNELS_CPU_ELEMENTWISE_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// y[i] = f(x[i]).
#define VIV_DECLARE_UNARY(name) VIV_DECLARE_ISA(void name(const float* x, float* y, int64_t n);)
VIV_DECLARE_UNARY(NegRow)
VIV_DECLARE_UNARY(AbsRow)
VIV_DECLARE_UNARY(SquareRow)
VIV_DECLARE_UNARY(ReluRow)
VIV_DECLARE_UNARY(ExpRow)
VIV_DECLARE_UNARY(TanhRow)
VIV_DECLARE_UNARY(SigmoidRow)
#undef VIV_DECLARE_UNARY

// z[i] = f(x[i step_x], y[i step_y]); the steps are 0 or more.
#define VIV_DECLARE_BINARY(name, R) \
  VIV_DECLARE_ISA(                  \
      void name(const float* x, int64_t step_x, const float* y, int64_t step_y, R* z, int64_t n);)
VIV_DECLARE_BINARY(AddRow, float)
VIV_DECLARE_BINARY(SubRow, float)
VIV_DECLARE_BINARY(MulRow, float)
VIV_DECLARE_BINARY(DivRow, float)
VIV_DECLARE_BINARY(MaximumRow, float)
VIV_DECLARE_BINARY(MinimumRow, float)
// dy where y > 0, else 0.
VIV_DECLARE_BINARY(ReluGradRow, float)
VIV_DECLARE_BINARY(EqualRow, bool)
VIV_DECLARE_BINARY(NotEqualRow, bool)
VIV_DECLARE_BINARY(LessRow, bool)
VIV_DECLARE_BINARY(LessEqualRow, bool)
#undef VIV_DECLARE_BINARY

// The 16-bit types to float and back, rounding to nearest even: the bits of BFloat16 and Half.
VIV_DECLARE_ISA(void WidenBFloat16Row(const uint16_t* x, float* y, int64_t n);)
VIV_DECLARE_ISA(void NarrowBFloat16Row(const float* x, uint16_t* y, int64_t n);)
VIV_DECLARE_ISA(void WidenHalfRow(const uint16_t* x, float* y, int64_t n);)
VIV_DECLARE_ISA(void NarrowHalfRow(const float* x, uint16_t* y, int64_t n);)

// To bytes up to 127: x times `inverse`, bounded and rounded to nearest even; and back, in steps of
// `scale`.
VIV_DECLARE_ISA(void QuantizeBytesRow(const float* x, float inverse, uint8_t* y, int64_t n);)
VIV_DECLARE_ISA(void DequantizeBytesRow(const uint8_t* x, float scale, float* y, int64_t n);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ELEMENTWISE_ROWS_H_
