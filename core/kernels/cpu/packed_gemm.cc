// Loops over the panels.
#include "core/kernels/cpu/packed_gemm.h"

#include <algorithm>

#include "core/base/parallel.h"

namespace viv {
namespace {

int64_t Panels(int64_t n) {
  const int64_t width = VIV_CALL_ISA(PanelWidth)();
  return (n + width - 1) / width;
}

}  // namespace

size_t PackedBytes(int64_t k, int64_t n) {
  return Panels(n) * VIV_CALL_ISA(PanelWidth)() * k * sizeof(float);
}

void PackMatrix(const float* b, int64_t ldb, bool transpose, int64_t k, int64_t n, float* packed) {
  const int64_t width = VIV_CALL_ISA(PanelWidth)();
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, k * width));
  ParallelFor(Panels(n), grain, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t first = p * width;
      VIV_CALL_ISA(PackPanel)
      (b + first * (transpose ? ldb : 1), ldb, transpose, k, std::min(width, n - first),
       packed + first * k);
    }
  });
}

void PackedGemm(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed,
                bool accumulate, float* c, int64_t ldc) {
  if (m == 0) return;
  const int64_t width = VIV_CALL_ISA(PanelWidth)();
  // Nanoseconds of a panel, bound by arithmetic or by reading it.
  const int64_t cost = std::max(m * k * width / 50, k * width / 4);
  ParallelFor(Panels(n), std::max<int64_t>(1, 20000 / std::max<int64_t>(1, cost)),
              [&](int64_t begin, int64_t end) {
                for (int64_t p = begin; p < end; ++p) {
                  const int64_t first = p * width;
                  VIV_CALL_ISA(PanelGemm)
                  (m, std::min(width, n - first), k, a, lda, packed + first * k, accumulate,
                   c + first, ldc);
                }
              });
}

}  // namespace viv
