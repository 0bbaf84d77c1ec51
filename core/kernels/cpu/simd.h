// Vectors of floats for the *_isa.cc files: as wide as the instruction set that the file is
// compiled for. Everything lives in namespace viv::VIV_ISA, so that the copies of different
// instruction sets never mix. Written with the vector types of GCC and Clang.
#ifndef VIV_CORE_KERNELS_CPU_SIMD_H_
#define VIV_CORE_KERNELS_CPU_SIMD_H_

#ifndef VIV_ISA
#error "only *_isa.cc files include core/kernels/cpu/simd.h"
#endif

#include <stdint.h>

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

inline Vec Load(const uint16_t* p) {
  const HalfVec bits = *reinterpret_cast<const UnalignedHalfVec*>(p);
  return reinterpret_cast<Vec>(__builtin_convertvector(bits, WordVec) << 16);
}
inline void Store(uint16_t* p, Vec v) {
  const WordVec u = reinterpret_cast<WordVec>(v);
  const WordVec rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16, quiet = (u >> 16) | 0x40u;
  const WordVec bits = (u & 0x7fffffffu) > 0x7f800000u ? quiet : rounded;
  *reinterpret_cast<UnalignedHalfVec*>(p) = __builtin_convertvector(bits, HalfVec);
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

// A NaN in `b` is kept.
inline Vec Max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec Min(Vec a, Vec b) { return a < b ? a : b; }
inline Vec Abs(Vec v) { return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(v) & 0x7fffffff); }

inline float HorizontalSum(Vec v) {
  float sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += v[i];
  return sum;
}
inline float HorizontalMax(Vec v) {
  float top = v[0];
  for (int i = 1; i < kLanes; ++i) top = v[i] > top || v[i] != v[i] ? v[i] : top;
  return top;
}

// e^x within 2 units in the last place (the coefficients are those of Cephes' expf). Results below
// 2.5e-38 are 0, above the largest float infinity; a NaN stays one.
inline Vec Exp(Vec x) {
  const Vec clamped = Max(Splat(-86.6f), Min(Splat(88.72284f), x));
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vec magic = Splat(12582912.0f);
  const Vec shifted = clamped * 1.44269504f + magic;
  const Vec n = shifted - magic;
  const Vec r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  Vec p = Splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^(n - 1) and 2, because 2^128 is no float.
  const IntVec exponent = (reinterpret_cast<IntVec>(shifted) - 0x4b400000 + 126) << 23;
  const Vec y = p * reinterpret_cast<Vec>(exponent) * 2.0f;
  const Vec high = x > 88.72284f ? Splat(__builtin_inff()) : y;
  return x < -86.6f ? Splat(0) : high;
}

inline Vec Sigmoid(Vec x) { return 1.0f / (1.0f + Exp(-x)); }

inline Vec Tanh(Vec x) {
  // Near 0, where the formula with e^2x cancels, Cephes' polynomial.
  const Vec z = x * x;
  Vec p = Splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  p = p * (z * x) + x;
  const Vec large = 1.0f - 2.0f / (Exp(x + x) + 1.0f);
  return Abs(x) < 0.625f ? p : large;
}

}  // namespace viv::VIV_ISA

#endif  // VIV_CORE_KERNELS_CPU_SIMD_H_
