// Products with one matrix that is used many times: it is packed once into the order in which the
// inner loop reads it. Pays where the other matrix has few rows (recurrent steps, inference).
#ifndef VIV_CORE_KERNELS_CPU_PACKED_GEMM_H_
#define VIV_CORE_KERNELS_CPU_PACKED_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// Bytes of a packed [k, n] matrix.
size_t PackedBytes(int64_t k, int64_t n);

// Packs b: [k, n], or with `transpose` b: [n, k], whose rows are `ldb` elements apart. `packed` is
// aligned to a cache line; its layout belongs to this machine. Parallel inside.
void PackMatrix(const float* b, int64_t ldb, bool transpose, int64_t k, int64_t n, float* packed);

// c = a b, or c += a b with `accumulate`, for a: [m, k] and c: [m, n]. Parallel inside.
void PackedGemm(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed,
                bool accumulate, float* c, int64_t ldc);

// Columns of a panel; panels of the packed matrix lie one after the other, each [k, PanelWidth()].
VIV_DECLARE_ISA(int64_t PanelWidth();)
VIV_DECLARE_ISA(void PackPanel(const float* b, int64_t ldb, bool transpose, int64_t k,
                               int64_t columns, float* panel);)
VIV_DECLARE_ISA(void PanelGemm(int64_t m, int64_t columns, int64_t k, const float* a, int64_t lda,
                               const float* panel, bool accumulate, float* c, int64_t ldc);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_PACKED_GEMM_H_
