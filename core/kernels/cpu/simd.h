// Vectors of floats for the *_isa.cc files: as wide as the instruction set that the file is
// compiled for. Everything lives in namespace viv::VIV_ISA, so that the copies of different
// instruction sets never mix. Written with the vector types of GCC and Clang.
#ifndef VIV_CORE_KERNELS_CPU_SIMD_H_
#define VIV_CORE_KERNELS_CPU_SIMD_H_

#ifndef VIV_ISA
#error "only *_isa.cc files include core/kernels/cpu/simd.h"
#endif

#include <stdint.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace viv::VIV_ISA {

#if defined(__AVX512F__)
#define VIV_SIMD_BYTES 64
#elif defined(__AVX2__)
#define VIV_SIMD_BYTES 32
#else
#define VIV_SIMD_BYTES 16
#endif

inline constexpr int kLanes = VIV_SIMD_BYTES / 4;
typedef float Vec __attribute__((vector_size(VIV_SIMD_BYTES)));
typedef int32_t IntVec __attribute__((vector_size(VIV_SIMD_BYTES)));
typedef float UnalignedVec __attribute__((vector_size(VIV_SIMD_BYTES), aligned(4), may_alias));

inline Vec Load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
inline void Store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
inline Vec Splat(float v) { return v - Vec{}; }

// The first `n` < kLanes lanes; the others are `rest` or are not written.
inline Vec LoadPart(const float* p, int n, float rest = 0) {
  Vec v = Splat(rest);
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void StorePart(float* p, Vec v, int n) {
  for (int i = 0; i < n; ++i) p[i] = v[i];
}

// Rows of bfloat16, given by their bits, are read and written as floats, rounded to nearest even.
typedef uint32_t WordVec __attribute__((vector_size(VIV_SIMD_BYTES)));
typedef uint32_t UnalignedWordVec
    __attribute__((vector_size(VIV_SIMD_BYTES), aligned(4), may_alias));
typedef uint16_t HalfVec __attribute__((vector_size(VIV_SIMD_BYTES / 2)));
typedef uint16_t UnalignedHalfVec
    __attribute__((vector_size(VIV_SIMD_BYTES / 2), aligned(2), may_alias));

// Compilers make many instructions of conversions between vectors where AVX-512 has one.
inline Vec Load(const uint16_t* p) {
#if defined(__AVX512F__)
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return reinterpret_cast<Vec>(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
#else
  const HalfVec bits = *reinterpret_cast<const UnalignedHalfVec*>(p);
  return reinterpret_cast<Vec>(__builtin_convertvector(bits, WordVec) << 16);
#endif
}
inline void Store(uint16_t* p, Vec v) {
  const WordVec u = reinterpret_cast<WordVec>(v);
  const WordVec rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16, quiet = (u >> 16) | 0x40u;
#if defined(__AVX512F__)
  const __m512 floats = reinterpret_cast<__m512>(v);
  const __m512i bits = _mm512_mask_mov_epi32(reinterpret_cast<__m512i>(rounded),
                                             _mm512_cmp_ps_mask(floats, floats, _CMP_UNORD_Q),
                                             reinterpret_cast<__m512i>(quiet));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(bits));
#else
  const WordVec bits = (u & 0x7fffffffu) > 0x7f800000u ? quiet : rounded;
  *reinterpret_cast<UnalignedHalfVec*>(p) = __builtin_convertvector(bits, HalfVec);
#endif
}
inline Vec LoadPart(const uint16_t* p, int n, float rest = 0) {
  Vec v = Splat(rest);
  for (int i = 0; i < n; ++i) {
    const uint32_t bits = static_cast<uint32_t>(p[i]) << 16;
    float x;
    __builtin_memcpy(&x, &bits, sizeof(x));
    v[i] = x;
  }
  return v;
}
inline void StorePart(uint16_t* p, Vec v, int n) {
  uint16_t all[kLanes];
  Store(all, v);
  for (int i = 0; i < n; ++i) p[i] = all[i];
}
inline float LoadOne(const float* p) { return *p; }
inline float LoadOne(const uint16_t* p) { return LoadPart(p, 1)[0]; }
inline void StoreOne(float* p, float x) { *p = x; }
inline void StoreOne(uint16_t* p, float x) { StorePart(p, Splat(x), 1); }

// A NaN in `b` is kept. Compilers make two instructions of the comparison where one does the same.
#if defined(__AVX512F__)
inline Vec Max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec Min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
#elif defined(__AVX2__)
inline Vec Max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec Min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
#else
inline Vec Max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec Min(Vec a, Vec b) { return a < b ? a : b; }
#endif
inline Vec Sqrt(Vec v) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(v);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(v);
#elif defined(__SSE2__)
  return _mm_sqrt_ps(v);
#else
  for (int i = 0; i < kLanes; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}
inline Vec Abs(Vec v) { return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(v) & 0x7fffffff); }

// The halves are joined again and again: fewer steps than from lane to lane.
inline float HorizontalSum(Vec v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps(v);
#else
  float lanes[kLanes];
  Store(lanes, v);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
#endif
}
inline float HorizontalMax(Vec v) {
  float lanes[kLanes];
  Store(lanes, v);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      const float other = lanes[i + half];
      lanes[i] = other > lanes[i] || other != other ? other : lanes[i];
    }
  }
  return lanes[0];
}

// e^x within 3 units in the last place, within 1 for |x| < 10: the minimax polynomial of degree 6
// on
// [-log(2) / 2, log(2) / 2] times a power of 2. Results below 2.5e-38 are 0 or subnormal, above the
// largest float infinity; a NaN stays one.
inline Vec Exp(Vec x) {
#if defined(__AVX512F__)
  // Beyond, the scaling overflows or gives 0 by itself.
  const Vec clamped = Max(Splat(-104.0f), Min(Splat(89.0f), x));
#else
  const Vec clamped = Max(Splat(-86.6f), Min(Splat(88.72284f), x));
#endif
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vec magic = Splat(12582912.0f);
  const Vec shifted = clamped * 1.44269504f + magic;
  const Vec n = shifted - magic;
#if defined(__FMA__)
  const Vec r = clamped - n * 0.69314718f;
#else
  // Two parts of log(2): the product with the first is exact.
  const Vec r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
#endif
  Vec p = Splat(1.384364441e-3f);
  p = p * r + 8.374162950e-3f;
  p = p * r + 4.166800156e-2f;
  p = p * r + 1.666643173e-1f;
  p = p * r + 4.999999404e-1f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
#if defined(__AVX512F__)
  return _mm512_scalef_ps(p, n);
#else
  // 2^(n - 1) and 2, because 2^128 is no float.
  const IntVec exponent = (reinterpret_cast<IntVec>(shifted) - 0x4b400000 + 126) << 23;
  const Vec y = p * reinterpret_cast<Vec>(exponent) * 2.0f;
  const Vec high = x > 88.72284f ? Splat(__builtin_inff()) : y;
  return x < -86.6f ? Splat(0) : high;
#endif
}

inline Vec Sigmoid(Vec x) { return 1.0f / (1.0f + Exp(-x)); }

// tanh x as a quotient of polynomials in x^2 times x, within 4 units in the last place; from 8 on
// it is 1. The coefficients are those of Eigen's ptanh_float.
inline Vec Tanh(Vec x) {
  const Vec c = Max(Splat(-7.99881172f), Min(Splat(7.99881172f), x));
  const Vec z = c * c;
  Vec p = Splat(-2.76076847742355e-16f);
  p = p * z + 2.00018790482477e-13f;
  p = p * z - 8.60467152213735e-11f;
  p = p * z + 5.12229709037114e-08f;
  p = p * z + 1.48572235717979e-05f;
  p = p * z + 6.37261928875436e-04f;
  p = p * z + 4.89352455891786e-03f;
  Vec q = Splat(1.19825839466702e-06f);
  q = q * z + 1.18534705686654e-04f;
  q = q * z + 2.26843463243900e-03f;
  q = q * z + 4.89352518554385e-03f;
  return p * c / q;
}

}  // namespace viv::VIV_ISA

#endif  // VIV_CORE_KERNELS_CPU_SIMD_H_
