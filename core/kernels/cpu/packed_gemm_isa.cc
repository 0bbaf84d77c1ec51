// The inner loops of products. A tile of c stays in registers while k runs over 32-bit units: one
// float, or where the processor multiplies pairs of bfloat16, one pair.
#include <type_traits>

#include "core/kernels/cpu/simd.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace viv::VIV_ISA {
namespace {

// With kPanelVectors vectors a row, the registers hold a tile, a row of the panel and one unit.
constexpr int kTileRows = 6;
constexpr int kPanelVectors = VIV_SIMD_BYTES == 64 ? 4 : 2;
constexpr int64_t kPanelWidth = kPanelVectors * kLanes;
#if defined(__AVX512BF16__)
constexpr bool kPairs = true;
#else
constexpr bool kPairs = false;
#endif

inline uint32_t BitsOf(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  return bits;
}

// How the elements of a matrix become units. Source: float or uint16_t, the bits of bfloat16.
// Rounded: to bfloat16, in the upper half of a word.
inline uint32_t Rounded(float x) {
  const uint32_t u = BitsOf(x);
  const uint32_t rounded = u + 0x7fffu + ((u >> 16) & 1u);
  return ((u & 0x7fffffffu) > 0x7f800000u ? u | 0x400000u : rounded) & 0xffff0000u;
}
inline uint32_t Rounded(uint16_t x) { return static_cast<uint32_t>(x) << 16; }
inline uint32_t Whole(float x) { return BitsOf(x); }
inline uint32_t Whole(uint16_t x) { return static_cast<uint32_t>(x) << 16; }

// Of one element, or of two that follow each other along k.
struct FloatUnits {
  static constexpr int kElements = 1;
  template <typename S>
  static uint32_t Of(S x, S) {
    return Whole(x);
  }
};
struct RoundedUnits {
  static constexpr int kElements = 1;
  template <typename S>
  static uint32_t Of(S x, S) {
    return Rounded(x);
  }
};
struct PairUnits {
  static constexpr int kElements = 2;
  template <typename S>
  static uint32_t Of(S x, S y) {
    return Rounded(x) >> 16 | Rounded(y);
  }
};

// Units along a row of the source: [count] from x; of the last pair, `rest` elements are there.
template <typename Units, typename S>
inline void AlongRow(const S* x, int64_t k, uint32_t* units) {
  const int64_t whole = k / Units::kElements;
  if constexpr (Units::kElements == 2 && sizeof(S) == 2) {
    __builtin_memcpy(units, x, whole * 4);
  } else {
    for (int64_t u = 0; u < whole; ++u) {
      units[u] = Units::Of(x[u * Units::kElements], x[u * Units::kElements + Units::kElements - 1]);
    }
  }
  if (whole * Units::kElements < k) units[whole] = Units::Of(x[k - 1], S{});
}

// Units of two rows of the source, side by side; `y` is null past the last row.
template <typename Units, typename S>
inline void AcrossRows(const S* x, const S* y, int64_t n, uint32_t* units) {
  if (Units::kElements == 1 || y == nullptr) {
    for (int64_t j = 0; j < n; ++j) units[j] = Units::Of(x[j], S{});
  } else {
    for (int64_t j = 0; j < n; ++j) units[j] = Units::Of(x[j], y[j]);
  }
}

template <typename Units>
int64_t CountOf(int64_t k) {
  return (k + Units::kElements - 1) / Units::kElements;
}

// Panels of a source [k, columns].
template <typename Units, typename S>
void PackPlain(const S* b, int64_t ldb, int64_t k, int64_t columns, uint32_t* panels) {
  const int64_t count = CountOf<Units>(k);
  for (int64_t u = 0; u < count; ++u) {
    const S* x = b + u * Units::kElements * ldb;
    const S* y = (u + 1) * Units::kElements <= k ? x + (Units::kElements - 1) * ldb : nullptr;
    for (int64_t first = 0; first < columns; first += kPanelWidth) {
      uint32_t* to = panels + first * count + u * kPanelWidth;
      const int64_t n = columns - first < kPanelWidth ? columns - first : kPanelWidth;
      if (n == kPanelWidth) {
        AcrossRows<Units>(x + first, y == nullptr ? y : y + first, kPanelWidth, to);
      } else {
        AcrossRows<Units>(x + first, y == nullptr ? y : y + first, n, to);
        for (int64_t j = n; j < kPanelWidth; ++j) to[j] = 0;
      }
    }
  }
}

// Panels of a source [columns, k], in squares, so that both sides are used by whole cache lines.
template <typename Units, typename S>
void PackTransposed(const S* b, int64_t ldb, int64_t k, int64_t columns, uint32_t* panels) {
  constexpr int64_t kSide = kPanelWidth < 16 ? kPanelWidth : 16;
  const int64_t count = CountOf<Units>(k);
  for (int64_t column = 0; column < columns; column += kSide) {
    const int64_t n = columns - column < kSide ? columns - column : kSide;
    uint32_t* to = panels + column / kPanelWidth * kPanelWidth * count + column % kPanelWidth;
    for (int64_t u = 0; u < count; u += kSide) {
      const int64_t units = count - u < kSide ? count - u : kSide;
      const int64_t from = u * Units::kElements;
      const int64_t length =
          k - from < kSide * Units::kElements ? k - from : kSide * Units::kElements;
      uint32_t square[kSide][kSide] = {};
      for (int64_t j = 0; j < n; ++j) {
        AlongRow<Units>(b + (column + j) * ldb + from, length, square[j]);
      }
      for (int64_t i = 0; i < units; ++i) {
        for (int64_t j = 0; j < kSide; ++j) {
          to[(u + i) * kPanelWidth + j] = square[j][i];
        }
      }
    }
  }
  // The columns past the end of the last panel, beyond its last square.
  const int64_t done = (columns + kSide - 1) / kSide * kSide;
  const int64_t end = (columns + kPanelWidth - 1) / kPanelWidth * kPanelWidth;
  uint32_t* last = panels + (end - kPanelWidth) * count;
  for (int64_t u = 0; u < count && done < end; ++u) {
    for (int64_t j = kPanelWidth - (end - done); j < kPanelWidth; ++j)
      last[u * kPanelWidth + j] = 0;
  }
}

// Rows of a source [rows, k] or, transposed, [k, rows].
template <typename Units, typename S>
void PackRowsOf(const S* a, int64_t lda, bool transpose, int64_t rows, int64_t k,
                uint32_t* packed) {
  const int64_t count = CountOf<Units>(k);
  if (!transpose) {
    for (int64_t r = 0; r < rows; ++r) AlongRow<Units>(a + r * lda, k, packed + r * count);
    return;
  }
  constexpr int64_t kSide = 16;
  for (int64_t u = 0; u < count; u += kSide) {
    const int64_t units = count - u < kSide ? count - u : kSide;
    for (int64_t r = 0; r < rows; r += kSide) {
      const int64_t n = rows - r < kSide ? rows - r : kSide;
      uint32_t square[kSide][kSide];
      for (int64_t i = 0; i < units; ++i) {
        const S* x = a + (u + i) * Units::kElements * lda + r;
        const bool whole = (u + i + 1) * Units::kElements <= k;
        AcrossRows<Units>(x, whole ? x + (Units::kElements - 1) * lda : nullptr, n, square[i]);
      }
      for (int64_t j = 0; j < n; ++j) {
        for (int64_t i = 0; i < units; ++i) packed[(r + j) * count + u + i] = square[i][j];
      }
    }
  }
}

// Calls f.operator()<Units, S>(source) for what the flags say.
template <typename F>
void Choose(const void* source, bool is_bfloat16, bool as_bfloat16, F f) {
  using Low = std::conditional_t<kPairs, PairUnits, RoundedUnits>;
  if (is_bfloat16) {
    const auto* x = static_cast<const uint16_t*>(source);
    as_bfloat16 ? f.template operator()<Low>(x) : f.template operator()<FloatUnits>(x);
  } else {
    const auto* x = static_cast<const float*>(source);
    as_bfloat16 ? f.template operator()<Low>(x) : f.template operator()<FloatUnits>(x);
  }
}

struct FloatTerms {
  static Vec Unit(const char* p) {
    float x;
    __builtin_memcpy(&x, p, sizeof(x));
    return Splat(x);
  }
  static Vec Add(Vec sum, Vec x, Vec y) { return sum + x * y; }
};
#if defined(__AVX512BF16__)
struct PairTerms {
  static Vec Unit(const char* p) {
    int x;
    __builtin_memcpy(&x, p, sizeof(x));
    return reinterpret_cast<Vec>(_mm512_set1_epi32(x));
  }
  static Vec Add(Vec sum, Vec x, Vec y) {
    return reinterpret_cast<Vec>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum),
                                                  reinterpret_cast<__m512bh>(x),
                                                  reinterpret_cast<__m512bh>(y)));
  }
};
#else
using PairTerms = FloatTerms;
#endif

struct TileArgs {
  int64_t units;
  int64_t a_stride;  // bytes
  const uint32_t* panel;
  bool accumulate;
  int64_t ldc;
  int64_t columns;
};

template <typename Terms, int kRows, int kVectors>
inline void Tile(const TileArgs& t, const char* a, float* c) {
  // Sums live in registers only where every loop over them is unrolled.
  Vec sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = Vec{};
  }
  const float* panel = reinterpret_cast<const float*>(t.panel);
  for (int64_t i = 0; i < t.units; ++i) {
    Vec b[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) b[v] = Load(panel + i * kPanelWidth + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec x = Terms::Unit(a + r * t.a_stride + i * 4);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Terms::Add(sums[r][v], x, b[v]);
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const int64_t left = t.columns - v * kLanes;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      float* const to = c + r * t.ldc + v * kLanes;
      if (left >= kLanes) {
        Store(to, t.accumulate ? sums[r][v] + Load(to) : sums[r][v]);
      } else if (left > 0) {
        const int n = static_cast<int>(left);
        StorePart(to, t.accumulate ? sums[r][v] + LoadPart(to, n) : sums[r][v], n);
      }
    }
  }
}

// The last `rows` < kRows rows.
template <typename Terms, int kRows, int kVectors>
inline void Rest(int64_t rows, const TileArgs& t, const char* a, float* c) {
  if constexpr (kRows > 1) {
    if (rows == kRows - 1) {
      Tile<Terms, kRows - 1, kVectors>(t, a, c);
    } else {
      Rest<Terms, kRows - 1, kVectors>(rows, t, a, c);
    }
  }
}

template <typename Terms, int kVectors>
void Tiles(int64_t rows, const TileArgs& t, const char* a, float* c) {
  int64_t r = 0;
  for (; r + kTileRows <= rows; r += kTileRows) {
    Tile<Terms, kTileRows, kVectors>(t, a + r * t.a_stride, c + r * t.ldc);
  }
  Rest<Terms, kTileRows, kVectors>(rows - r, t, a + r * t.a_stride, c + r * t.ldc);
}

template <typename Terms, int kVectors>
void Narrow(int64_t rows, const TileArgs& t, const char* a, float* c) {
  if constexpr (kVectors > 1) {
    if (t.columns <= (kVectors - 1) * kLanes) {
      return Narrow<Terms, kVectors - 1>(rows, t, a, c);
    }
  }
  Tiles<Terms, kVectors>(rows, t, a, c);
}

}  // namespace

int64_t PanelWidth() { return kPanelWidth; }
bool MultipliesPairs() { return kPairs; }

void PackPanels(const void* b, bool is_bfloat16, int64_t ldb, bool transpose, int64_t k,
                int64_t columns, bool as_bfloat16, uint32_t* panels) {
  Choose(b, is_bfloat16, as_bfloat16, [&]<typename Units, typename S>(const S* x) {
    transpose ? PackTransposed<Units>(x, ldb, k, columns, panels)
              : PackPlain<Units>(x, ldb, k, columns, panels);
  });
}

void PackRows(const void* a, bool is_bfloat16, int64_t lda, bool transpose, int64_t rows, int64_t k,
              bool as_bfloat16, uint32_t* packed) {
  Choose(a, is_bfloat16, as_bfloat16, [&]<typename Units, typename S>(const S* x) {
    PackRowsOf<Units>(x, lda, transpose, rows, k, packed);
  });
}

void PanelGemm(int64_t rows, int64_t columns, int64_t units, bool as_bfloat16, const void* a,
               int64_t a_stride, const uint32_t* panel, bool accumulate, float* c, int64_t ldc) {
  const TileArgs t{units, a_stride, panel, accumulate, ldc, columns};
  const char* x = static_cast<const char*>(a);
  if (as_bfloat16) {
    Narrow<PairTerms, kPanelVectors>(rows, t, x, c);
  } else {
    Narrow<FloatTerms, kPanelVectors>(rows, t, x, c);
  }
}

}  // namespace viv::VIV_ISA
