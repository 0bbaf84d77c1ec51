// Products with weights in 8 bits: each row of a and each column of b is rounded to integers in
// [-127, 127] times a scale of its own, integers are multiplied and added up exactly. Four times as
// fast as float where the processor has instructions for it (VNNI).
#ifndef VIV_CORE_KERNELS_CPU_INT8_GEMM_H_
#define VIV_CORE_KERNELS_CPU_INT8_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/base/isa.h"
#include "core/kernels/cpu/packed_gemm.h"

namespace viv {

// As PackedBytes and PackMatrix, which call these for Terms::kInt8; b is of floats. A column with
// an infinity or a NaN makes its column of the product NaN.
size_t PackedInt8Bytes(int64_t k, int64_t n);
void PackInt8(const MatrixView& b, int64_t k, int64_t n, void* packed);

// c = a b for a: [m, k], c: [m, n], without gaps between rows, and a packed b: [k, n]. An element's
// bits depend on its row of a and column of b alone. A row of a with an infinity or a NaN gives
// NaN. Fails only for want of memory. Parallel inside.
absl::Status MultiplyInt8(int64_t m, int64_t n, int64_t k, const float* a, const void* packed,
                          float* c);

// The machine's part. A unit is four integers that follow each other along k; those of a are 128
// more than they are, in 8 bits without a sign, and fill up the last unit with 0 (128).
VIV_DECLARE_ISA(float QuantizeRow(const float* x, int64_t k, uint8_t* quantized);)
// Columns of b: elements `stride` apart along k, columns `column_stride` apart: the units of a
// panel of `columns` <= PanelWidth() columns, the columns' scales, and 128 times their sums.
VIV_DECLARE_ISA(void QuantizePanel(const float* b, int64_t stride, int64_t column_stride, int64_t k,
                                   int64_t columns, uint32_t* panel, float* scales,
                                   int32_t* offsets);)
VIV_DECLARE_ISA(void PanelInt8(int64_t rows, int64_t columns, int64_t units, const uint8_t* a,
                               const float* row_scales, const uint32_t* panel, const float* scales,
                               const int32_t* offsets, float* c, int64_t ldc);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_INT8_GEMM_H_
