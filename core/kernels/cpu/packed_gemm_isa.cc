// The inner loops of PackedGemm: a tile of c stays in registers while k runs.
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// Rows of a tile; with two vectors a row, the registers hold it, a row of the panel and one
// element.
constexpr int kTileRows = VIV_SIMD_BYTES == 64 ? 12 : 6;
constexpr int64_t kPanelWidth = 2 * kLanes;
// Rows of the panel that stay in the first-level cache while all rows of `a` pass.
constexpr int64_t kDepth = 256;

template <int kRows>
inline void Tile(int64_t k, const float* a, int64_t lda, const float* panel, bool accumulate,
                 float* c, int64_t ldc, int64_t columns) {
  Vec sums[kRows][2] = {};
  for (int64_t i = 0; i < k; ++i) {
    const Vec b0 = *reinterpret_cast<const Vec*>(panel + i * kPanelWidth);
    const Vec b1 = *reinterpret_cast<const Vec*>(panel + i * kPanelWidth + kLanes);
    for (int r = 0; r < kRows; ++r) {
      const Vec x = Splat(a[r * lda + i]);
      sums[r][0] += x * b0;
      sums[r][1] += x * b1;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* to = c + r * ldc;
    if (columns == kPanelWidth) {
      Store(to, accumulate ? sums[r][0] + Load(to) : sums[r][0]);
      Store(to + kLanes, accumulate ? sums[r][1] + Load(to + kLanes) : sums[r][1]);
    } else {
      for (int64_t j = 0; j < columns; ++j) {
        const float sum = sums[r][j / kLanes][j % kLanes];
        to[j] = accumulate ? to[j] + sum : sum;
      }
    }
  }
}

// The last `rows` < kRows rows.
template <int kRows>
inline void Rest(int64_t rows, int64_t k, const float* a, int64_t lda, const float* panel,
                 bool accumulate, float* c, int64_t ldc, int64_t columns) {
  if constexpr (kRows > 1) {
    if (rows == kRows - 1) {
      Tile<kRows - 1>(k, a, lda, panel, accumulate, c, ldc, columns);
    } else {
      Rest<kRows - 1>(rows, k, a, lda, panel, accumulate, c, ldc, columns);
    }
  }
}

}  // namespace

int64_t PanelWidth() { return kPanelWidth; }

void PackPanel(const float* b, int64_t ldb, bool transpose, int64_t k, int64_t columns,
               float* panel) {
  for (int64_t i = 0; i < k && !transpose; ++i) {
    for (int64_t j = 0; j < columns; ++j) panel[i * kPanelWidth + j] = b[i * ldb + j];
    for (int64_t j = columns; j < kPanelWidth; ++j) panel[i * kPanelWidth + j] = 0;
  }
  // In squares, so that both sides are read and written by whole cache lines.
  for (int64_t first = 0; first < k && transpose; first += kPanelWidth) {
    const int64_t end = first + kPanelWidth < k ? first + kPanelWidth : k;
    for (int64_t j = 0; j < kPanelWidth; ++j) {
      for (int64_t i = first; i < end; ++i) {
        panel[i * kPanelWidth + j] = j < columns ? b[j * ldb + i] : 0;
      }
    }
  }
}

void PanelGemm(int64_t m, int64_t columns, int64_t k, const float* a, int64_t lda,
               const float* panel, bool accumulate, float* c, int64_t ldc) {
  int64_t from = 0;
  do {
    const int64_t depth = k - from < kDepth ? k - from : kDepth;
    const float* b = panel + from * kPanelWidth;
    const bool add = accumulate || from > 0;
    int64_t r = 0;
    for (; r + kTileRows <= m; r += kTileRows) {
      Tile<kTileRows>(depth, a + r * lda + from, lda, b, add, c + r * ldc, ldc, columns);
    }
    Rest<kTileRows>(m - r, depth, a + r * lda + from, lda, b, add, c + r * ldc, ldc, columns);
    from += depth;
  } while (from < k);
}

}  // namespace viv::VIV_ISA
