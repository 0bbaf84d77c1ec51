// The inner loops of products in 8 bits: four integers of a row and of a column at a time.
#include "core/kernels/cpu/simd.h"

#if defined(__AVX512VNNI__)
#include <immintrin.h>
#endif

namespace viv::VIV_ISA {

int64_t PanelWidth();

namespace {

constexpr int kTileRows = 6;
constexpr int kPanelVectors = VIV_SIMD_BYTES == 64 ? 4 : 2;
constexpr int64_t kPanelWidth = kPanelVectors * kLanes;

typedef int32_t UnalignedIntVec __attribute__((vector_size(VIV_SIMD_BYTES), aligned(4), may_alias));
inline IntVec LoadInts(const void* p) { return *static_cast<const UnalignedIntVec*>(p); }

// sum + a b for the four integers of each lane: of a without, of b with a sign.
inline IntVec MultiplyAdd(IntVec sum, IntVec a, IntVec b) {
#if defined(__AVX512VNNI__)
  return reinterpret_cast<IntVec>(_mm512_dpbusd_epi32(
      reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#else
  for (int shift = 0; shift < 32; shift += 8) {
    sum += ((a >> shift) & 0xff) * ((b << (24 - shift)) >> 24);
  }
  return sum;
#endif
}

// To the nearest integer in [-127, 127]; halves away from 0.
inline IntVec Rounded(Vec x) {
  const Vec bounded = Min(Max(x, Splat(-127)), Splat(127));
  return __builtin_convertvector(bounded + (bounded < 0 ? Splat(-0.5f) : Splat(0.5f)), IntVec);
}

// The greatest magnitude, and what makes a scale NaN where an element is not finite: else 0.
struct Extent {
  Vec top = {}, nan = {};
  void See(Vec x) {
    const Vec magnitude = Abs(x);
    top = magnitude > top ? magnitude : top;
    nan += x - x;
  }
};
inline Vec ScaleOf(const Extent& e) { return e.top * (1.0f / 127) + e.nan; }
// What elements are multiplied with.
inline Vec InverseOf(const Extent& e) {
  const Vec usable = (e.top > 1e-30f) & (e.nan == 0) ? 127 / e.top : Vec{};
  return usable;
}

template <int kRows, int kVectors>
inline void Tile(int64_t columns, int64_t units, const uint8_t* a, const float* row_scales,
                 const uint32_t* panel, const float* scales, const int32_t* offsets, float* c,
                 int64_t ldc) {
  // Sums live in registers only where every loop over them is unrolled.
  IntVec sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = IntVec{};
  }
  for (int64_t i = 0; i < units; ++i) {
    IntVec b[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) b[v] = LoadInts(panel + i * kPanelWidth + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      int32_t unit;
      __builtin_memcpy(&unit, a + (r * units + i) * 4, 4);
      const IntVec x = unit - IntVec{};
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = MultiplyAdd(sums[r][v], x, b[v]);
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const int64_t left = columns - v * kLanes;
    const IntVec offset = LoadInts(offsets + v * kLanes);
    const Vec scale = Load(scales + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec z = __builtin_convertvector(sums[r][v] - offset, Vec) * (scale * row_scales[r]);
      float* const to = c + r * ldc + v * kLanes;
      if (left >= kLanes) {
        Store(to, z);
      } else if (left > 0) {
        StorePart(to, z, static_cast<int>(left));
      }
    }
  }
}

template <int kRows, int kVectors, typename... Args>
inline void Rest(int64_t rows, Args... args) {
  if constexpr (kRows > 0) {
    if (rows == kRows) {
      Tile<kRows, kVectors>(args...);
    } else {
      Rest<kRows - 1, kVectors>(rows, args...);
    }
  }
}

template <int kVectors>
void Tiles(int64_t rows, int64_t columns, int64_t units, const uint8_t* a, const float* row_scales,
           const uint32_t* panel, const float* scales, const int32_t* offsets, float* c,
           int64_t ldc) {
  for (int64_t r = 0; r < rows; r += kTileRows) {
    const int64_t here = rows - r < kTileRows ? rows - r : kTileRows;
    Rest<kTileRows, kVectors>(here, columns, units, a + r * units * 4, row_scales + r, panel,
                              scales, offsets, c + r * ldc, ldc);
  }
}

}  // namespace

float QuantizeRow(const float* x, int64_t k, uint8_t* quantized) {
  typedef uint8_t ByteVec __attribute__((vector_size(kLanes), aligned(1), may_alias));
  const int64_t whole = k / kLanes * kLanes;
  const int rest = static_cast<int>(k - whole);
  Extent all;
  for (int64_t i = 0; i < whole; i += kLanes) all.See(Load(x + i));
  if (rest > 0) all.See(LoadPart(x + whole, rest));
  Extent one;
  one.top = Splat(HorizontalMax(all.top));
  one.nan = Splat(HorizontalSum(all.nan));
  const Vec inverse = InverseOf(one);
  const auto quantize = [&](Vec v) {
    return __builtin_convertvector(Rounded(v * inverse) + 128, ByteVec);
  };
  for (int64_t i = 0; i < whole; i += kLanes) {
    *reinterpret_cast<ByteVec*>(quantized + i) = quantize(Load(x + i));
  }
  if (rest > 0) {
    const ByteVec last = quantize(LoadPart(x + whole, rest));
    for (int64_t i = whole; i < (k + 3) / 4 * 4; ++i) quantized[i] = last[i - whole];
  }
  return ScaleOf(one)[0];
}

void QuantizePanel(const float* b, int64_t stride, int64_t column_stride, int64_t k,
                   int64_t columns, uint32_t* panel, float* scales, int32_t* offsets) {
  for (int64_t first = 0; first < kPanelWidth; first += kLanes) {
    const int64_t left = columns - first;
    const int n = static_cast<int>(left < 0 ? 0 : left < kLanes ? left : kLanes);
    const auto row = [&](int64_t i) {
      const float* from = b + i * stride + first * column_stride;
      if (column_stride == 1) return n == kLanes ? Load(from) : LoadPart(from, n);
      Vec v = {};
      for (int j = 0; j < n; ++j) v[j] = from[j * column_stride];
      return v;
    };
    Extent extent;
    for (int64_t i = 0; i < k; ++i) extent.See(row(i));
    const Vec inverse = InverseOf(extent);
    IntVec total = {};
    for (int64_t i = 0; i < k; i += 4) {
      IntVec unit = {};
      for (int64_t e = i; e < k && e < i + 4; ++e) {
        const IntVec code = Rounded(row(e) * inverse);
        total += code;
        unit |= (code & 0xff) << (8 * (e - i));
      }
      *reinterpret_cast<UnalignedIntVec*>(panel + i / 4 * kPanelWidth + first) = unit;
    }
    Store(scales + first, ScaleOf(extent));
    *reinterpret_cast<UnalignedIntVec*>(offsets + first) = 128 * total;
  }
}

void PanelInt8(int64_t rows, int64_t columns, int64_t units, const uint8_t* a,
               const float* row_scales, const uint32_t* panel, const float* scales,
               const int32_t* offsets, float* c, int64_t ldc) {
  Tiles<kPanelVectors>(rows, columns, units, a, row_scales, panel, scales, offsets, c, ldc);
}

}  // namespace viv::VIV_ISA
