// The engine of all products in float and bfloat16: c = a b by tiles, for which b is packed into
// panels of columns in the order in which the inner loop reads it. A b that is used many times is
// packed once (packed weights), else a few panels at a time.
#ifndef VIV_CORE_KERNELS_CPU_PACKED_GEMM_H_
#define VIV_CORE_KERNELS_CPU_PACKED_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/base/isa.h"
#include "core/tensor/float16.h"

namespace viv {

// In what the terms of a product are multiplied; they are added up in float. kBFloat16 rounds
// floats first; without instructions for it the rounded numbers are multiplied as floats. kInt8: as
// int8_gemm.h, for matrices to be packed only.
enum class Terms : uint8_t { kFloat, kBFloat16, kInt8 };

// A matrix to be read: element (r, c) lies at r * stride + c, with `transpose` at c * stride + r.
struct MatrixView {
  MatrixView() = default;
  MatrixView(const float* data, int64_t stride, bool transpose = false)
      : data(data), stride(stride), transpose(transpose) {}
  MatrixView(const BFloat16* data, int64_t stride, bool transpose = false)
      : data(data), stride(stride), transpose(transpose), is_bfloat16(true) {}

  const void* data = nullptr;
  int64_t stride = 0;
  bool transpose = false;
  bool is_bfloat16 = false;
};

// Bytes of a packed [k, n] matrix.
size_t PackedBytes(Terms terms, int64_t k, int64_t n);

// Packs b: [k, n]. `packed` is aligned to a cache line; its layout belongs to this machine.
// Parallel inside.
void PackMatrix(Terms terms, const MatrixView& b, int64_t k, int64_t n, void* packed);

// c = a b, or c += a b with `accumulate`, for a: [m, k], b: [k, n], c: [m, n]. Extents may be 0. An
// element's bits depend on its row of a and column of b alone: not on threads, m or n, nor on
// whether b was packed before.
struct Product {
  Terms terms = Terms::kFloat;
  int64_t m = 0, n = 0, k = 0;
  MatrixView a;
  MatrixView b;
  // b packed by PackMatrix; then `b` is not read.
  const void* packed = nullptr;
  bool accumulate = false;
  // One of the two is given; bfloat16 is rounded once, and does not accumulate.
  float* c = nullptr;
  BFloat16* c_bfloat16 = nullptr;
  int64_t ldc = 0;
};
// Fails only for want of memory. Parallel inside.
absl::Status Multiply(const Product& product);

// The machine's part. Panels lie one after the other; each has a row of PanelWidth() units for
// every unit along k: a float, or two bfloat16 where MultipliesPairs().
VIV_DECLARE_ISA(int64_t PanelWidth();)
VIV_DECLARE_ISA(bool MultipliesPairs();)
VIV_DECLARE_ISA(void PackPanels(const void* b, bool is_bfloat16, int64_t ldb, bool transpose,
                                int64_t k, int64_t columns, bool as_bfloat16, uint32_t* panels);)
// The rows of a, without gaps.
VIV_DECLARE_ISA(void PackRows(const void* a, bool is_bfloat16, int64_t lda, bool transpose,
                              int64_t rows, int64_t k, bool as_bfloat16, uint32_t* packed);)
// Rows of a are a_stride bytes apart, of units as in the panel.
VIV_DECLARE_ISA(void PanelGemm(int64_t rows, int64_t columns, int64_t units, bool as_bfloat16,
                               const void* a, int64_t a_stride, const uint32_t* panel,
                               bool accumulate, float* c, int64_t ldc);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_PACKED_GEMM_H_
