// Pooling of floats and of bfloat16.
#include "core/kernels/cpu/pool_loops.h"
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

typedef uint8_t ByteVec __attribute__((vector_size(kLanes)));
typedef uint8_t UnalignedByteVec __attribute__((vector_size(kLanes), aligned(1), may_alias));

// Vectors; in memory float or the bits of bfloat16.
template <typename Memory>
struct Wide {
  using T = Memory;
  using Number = float;
  using V = Vec;
  using I = IntVec;
  static constexpr int64_t kWidth = kLanes;

  static Vec Load(const T* p) { return VIV_ISA::Load(p); }
  static void Store(T* p, Vec v) { VIV_ISA::Store(p, v); }
  static Vec Splat(float v) { return VIV_ISA::Splat(v); }
  static IntVec Place(int64_t place) { return static_cast<int32_t>(place) - IntVec{}; }
#if defined(__AVX512F__)
  static IntVec LoadPlace(const uint8_t* p) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return reinterpret_cast<IntVec>(_mm512_cvtepu8_epi32(bytes));
  }
  static void StorePlace(uint8_t* p, IntVec places) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                     _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(places)));
  }
  static Vec Where(IntVec places, int64_t place, Vec v) {
    const __m512i wanted = _mm512_set1_epi32(static_cast<int32_t>(place));
    return _mm512_maskz_mov_ps(_mm512_cmpeq_epi32_mask(reinterpret_cast<__m512i>(places), wanted),
                               v);
  }
  static __mmask16 Better(Vec v, Vec best) {
    return _mm512_cmp_ps_mask(v, best, _CMP_GT_OQ) | _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  }
  static Vec Choose(__mmask16 better, Vec v, Vec best) {
    return _mm512_mask_mov_ps(best, better, v);
  }
  static IntVec ChoosePlace(__mmask16 better, IntVec v, IntVec best) {
    return reinterpret_cast<IntVec>(_mm512_mask_mov_epi32(reinterpret_cast<__m512i>(best), better,
                                                          reinterpret_cast<__m512i>(v)));
  }
#else
  static IntVec LoadPlace(const uint8_t* p) {
    return __builtin_convertvector(*reinterpret_cast<const UnalignedByteVec*>(p), IntVec);
  }
  static void StorePlace(uint8_t* p, IntVec places) {
    *reinterpret_cast<UnalignedByteVec*>(p) = __builtin_convertvector(places, ByteVec);
  }
  static Vec Where(IntVec places, int64_t place, Vec v) {
    return places == static_cast<int32_t>(place) ? v : Vec{};
  }
  static IntVec Better(Vec v, Vec best) { return (v > best) | (v != v); }
  static Vec Choose(IntVec better, Vec v, Vec best) { return better ? v : best; }
  static IntVec ChoosePlace(IntVec better, IntVec v, IntVec best) { return better ? v : best; }
#endif
};

template <typename Memory>
struct One {
  using T = Memory;
  using V = float;
  using I = int64_t;
  static constexpr int64_t kWidth = 1;

  static float Load(const T* p) { return LoadOne(p); }
  static void Store(T* p, float v) { StoreOne(p, v); }
  static float Splat(float v) { return v; }
  static int64_t Place(int64_t place) { return place; }
  static int64_t LoadPlace(const uint8_t* p) { return *p; }
  static void StorePlace(uint8_t* p, int64_t place) { *p = static_cast<uint8_t>(place); }
  static float Where(int64_t place, int64_t wanted, float v) { return place == wanted ? v : 0; }
  static bool Better(float v, float best) { return v > best || v != v; }
  static float Choose(bool better, float v, float best) { return better ? v : best; }
  static int64_t ChoosePlace(bool better, int64_t v, int64_t best) { return better ? v : best; }
};

}  // namespace

#define VIV_DEFINE_POOL(T, suffix)                                                                 \
  void MaxPoolRow##suffix(const PoolImage& image, const T* x, int64_t row, T* y, uint8_t* index) { \
    if (index == nullptr) {                                                                        \
      MaxPoolRowLoop<Wide<T>, One<T>, false>(image, x, row, y, index);                             \
    } else {                                                                                       \
      MaxPoolRowLoop<Wide<T>, One<T>, true>(image, x, row, y, index);                              \
    }                                                                                              \
  }                                                                                                \
  void AvgPoolRow##suffix(const PoolImage& image, const T* x, int64_t row, T* y) {                 \
    AvgPoolRowLoop<Wide<T>, One<T>>(image, x, row, y);                                             \
  }                                                                                                \
  void MaxPoolGradRow##suffix(const PoolImage& image, const T* dy, const uint8_t* index,           \
                              int64_t row, T* dx) {                                                \
    MaxPoolGradRowLoop<Wide<T>, One<T>>(image, dy, index, row, dx);                                \
  }                                                                                                \
  void AvgPoolGradRow##suffix(const PoolImage& image, const T* dy, int64_t row, T* dx) {           \
    AvgPoolGradRowLoop<Wide<T>, One<T>>(image, dy, row, dx);                                       \
  }
VIV_DEFINE_POOL(float, Float)
VIV_DEFINE_POOL(uint16_t, BFloat16)
#undef VIV_DEFINE_POOL

}  // namespace viv::VIV_ISA
