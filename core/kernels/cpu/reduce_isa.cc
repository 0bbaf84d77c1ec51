// Loops that reduce rows of floats.
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// A vector of doubles and the floats that fill it.
inline constexpr int kDoubles = kLanes / 2;
typedef double DoubleVec __attribute__((vector_size(VIV_SIMD_BYTES)));
typedef float HalfVec __attribute__((vector_size(VIV_SIMD_BYTES / 2), aligned(4), may_alias));
typedef double UnalignedDoubleVec
    __attribute__((vector_size(VIV_SIMD_BYTES), aligned(8), may_alias));

inline DoubleVec LoadWide(const float* p) {
  return __builtin_convertvector(*reinterpret_cast<const HalfVec*>(p), DoubleVec);
}

inline DoubleVec LoadDoubles(const double* p) {
  return *reinterpret_cast<const UnalignedDoubleVec*>(p);
}
inline void StoreDoubles(double* p, DoubleVec v) { *reinterpret_cast<UnalignedDoubleVec*>(p) = v; }

// Four running vectors: one alone would wait for each addition. `join` takes vectors or numbers.
template <typename Join>
inline double FoldWide(const float* x, int64_t n, double neutral, double start, Join join) {
  int64_t i = 0;
  if (n >= kDoubles) {
    const DoubleVec none = neutral - DoubleVec{};
    DoubleVec f[4] = {none, none, none, none};
    for (; i + 4 * kDoubles <= n; i += 4 * kDoubles) {
      for (int k = 0; k < 4; ++k) f[k] = join(f[k], LoadWide(x + i + k * kDoubles));
    }
    for (; i + kDoubles <= n; i += kDoubles) f[0] = join(f[0], LoadWide(x + i));
    const DoubleVec all = join(join(f[0], f[1]), join(f[2], f[3]));
    for (int k = 0; k < kDoubles; ++k) start = join(start, all[k]);
  }
  for (; i < n; ++i) start = join(start, static_cast<double>(x[i]));
  return start;
}

template <typename Join>
inline void JoinWide(const float* x, double* folded, int64_t n, Join join) {
  int64_t i = 0;
  for (; i + kDoubles <= n; i += kDoubles) {
    StoreDoubles(folded + i, join(LoadDoubles(folded + i), LoadWide(x + i)));
  }
  for (; i < n; ++i) folded[i] = join(folded[i], static_cast<double>(x[i]));
}

template <typename Join>
inline float FoldExtreme(const float* x, int64_t n, float start, Join join) {
  int64_t i = 0;
  if (n >= kLanes) {
    const Vec none = Splat(start);
    Vec f[4] = {none, none, none, none};
    for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
      for (int k = 0; k < 4; ++k) f[k] = join(f[k], Load(x + i + k * kLanes));
    }
    for (; i + kLanes <= n; i += kLanes) f[0] = join(f[0], Load(x + i));
    const Vec all = join(join(f[0], f[1]), join(f[2], f[3]));
    for (int k = 0; k < kLanes; ++k) start = join(start, all[k]);
  }
  for (; i < n; ++i) start = join(start, x[i]);
  return start;
}

template <typename Join>
inline void JoinExtreme(const float* x, float* folded, int64_t n, Join join) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) Store(folded + i, join(Load(folded + i), Load(x + i)));
  for (; i < n; ++i) folded[i] = join(folded[i], x[i]);
}

inline Vec JoinTops(Vec a, Vec b) { return (b > a) | (b != b) ? b : a; }

}  // namespace

int64_t MostTops(int64_t n, int64_t group) {
  return (n + group * kLanes - 1) / (group * kLanes) * kLanes;
}

// A lane of `group` vectors that follow each other is a group: nothing is joined across lanes.
int64_t GroupTops(const float* x, int64_t n, int64_t group, float* tops) {
  float* to = tops;
  for (int64_t i = 0; i < n; i += group * kLanes, to += kLanes) {
    const int64_t end = i + group * kLanes < n ? i + group * kLanes : n;
    Vec f[2] = {Splat(-__builtin_inff()), Splat(-__builtin_inff())};
    int64_t j = i;
    for (; j + 2 * kLanes <= end; j += 2 * kLanes) {
      f[0] = JoinTops(f[0], Load(x + j));
      f[1] = JoinTops(f[1], Load(x + j + kLanes));
    }
    for (; j + kLanes <= end; j += kLanes) f[0] = JoinTops(f[0], Load(x + j));
    if (j < end) {
      const Vec last = LoadPart(x + j, static_cast<int>(end - j), -__builtin_inff());
      f[0] = JoinTops(f[0], last);
    }
    Store(to, JoinTops(f[0], f[1]));
  }
  return to - tops;
}

int64_t FindAtLeast(const float* x, int64_t n, float least, int64_t* places) {
  int64_t count = 0, i = 0;
#if defined(__AVX512F__)
  for (; i + kLanes <= n; i += kLanes) {
    uint32_t found = _mm512_cmp_ps_mask(Load(x + i), Splat(least), _CMP_GE_OQ);
    for (; found != 0; found &= found - 1) places[count++] = i + __builtin_ctz(found);
  }
#elif defined(__AVX2__)
  for (; i + kLanes <= n; i += kLanes) {
    auto found = static_cast<uint32_t>(
        _mm256_movemask_ps(_mm256_cmp_ps(Load(x + i), Splat(least), _CMP_GE_OQ)));
    for (; found != 0; found &= found - 1) places[count++] = i + __builtin_ctz(found);
  }
#endif
  for (; i < n; ++i) {
    places[count] = i;
    count += x[i] >= least ? 1 : 0;
  }
  return count;
}

#define VIV_JOIN(expression) \
  [](auto a, auto b) __attribute__((always_inline))->decltype(a) { return expression; }
#define VIV_REDUCE(name, loop, R, neutral, expression)            \
  R Fold##name(const float* x, int64_t n, R start) {              \
    return Fold##loop(x, n, neutral start, VIV_JOIN(expression)); \
  }                                                               \
  void Join##name(const float* x, R* folded, int64_t n) {         \
    Join##loop(x, folded, n, VIV_JOIN(expression));               \
  }
#define VIV_NEUTRAL(value) value,
#define VIV_NO_NEUTRAL
VIV_REDUCE(Sum, Wide, double, VIV_NEUTRAL(0.0), a + b)
VIV_REDUCE(Product, Wide, double, VIV_NEUTRAL(1.0), a* b)
VIV_REDUCE(Greatest, Extreme, float, VIV_NO_NEUTRAL, ((b > a) | (b != b)) ? b : a)
VIV_REDUCE(Least, Extreme, float, VIV_NO_NEUTRAL, ((b < a) | (b != b)) ? b : a)

}  // namespace viv::VIV_ISA
