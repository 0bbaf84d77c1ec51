// Element-wise functions of rows of floats.
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// `f` takes vectors; the elements after the last whole vector pass through one too, so that an
// element's result does not depend on its place.
template <typename F>
inline void Map(const float* x, float* y, int64_t n, F f) {
  int64_t i = 0;
  // Four at a time: what they compute overlaps.
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    Vec v[4];
    for (int k = 0; k < 4; ++k) v[k] = f(Load(x + i + k * kLanes));
    for (int k = 0; k < 4; ++k) Store(y + i + k * kLanes, v[k]);
  }
  for (; i + kLanes <= n; i += kLanes) Store(y + i, f(Load(x + i)));
  if (i < n) StorePart(y + i, f(LoadPart(x + i, static_cast<int>(n - i))), static_cast<int>(n - i));
}

// `f` takes two vectors or two numbers, with equal results.
template <typename F>
inline void Zip(const float* x, int64_t step_x, const float* y, int64_t step_y, float* z, int64_t n,
                F f) {
  int64_t i = 0;
  if (step_x == 1 && step_y == 1) {
    for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
      Vec v[4];
      for (int k = 0; k < 4; ++k) v[k] = f(Load(x + i + k * kLanes), Load(y + i + k * kLanes));
      for (int k = 0; k < 4; ++k) Store(z + i + k * kLanes, v[k]);
    }
    for (; i + kLanes <= n; i += kLanes) Store(z + i, f(Load(x + i), Load(y + i)));
  } else if (step_x == 1 && step_y == 0) {
    const Vec fixed = Splat(*y);
    for (; i + kLanes <= n; i += kLanes) Store(z + i, f(Load(x + i), fixed));
  } else if (step_x == 0 && step_y == 1) {
    const Vec fixed = Splat(*x);
    for (; i + kLanes <= n; i += kLanes) Store(z + i, f(fixed, Load(y + i)));
  }
  for (; i < n; ++i) z[i] = f(x[i * step_x], y[i * step_y]);
}

// `f` takes two numbers.
template <typename F>
inline void Compare(const float* x, int64_t step_x, const float* y, int64_t step_y, bool* z,
                    int64_t n, F f) {
  if (step_x == 1 && step_y == 1) {
    for (int64_t i = 0; i < n; ++i) z[i] = f(x[i], y[i]);
  } else if (step_x == 1 && step_y == 0) {
    const float fixed = *y;
    for (int64_t i = 0; i < n; ++i) z[i] = f(x[i], fixed);
  } else {
    for (int64_t i = 0; i < n; ++i) z[i] = f(x[i * step_x], y[i * step_y]);
  }
}

inline uint32_t BitsOf(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  return bits;
}
inline float FloatOf(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof(x));
  return x;
}

}  // namespace

#define VIV_MAP(name, expression)                                                       \
  void name(const float* x, float* y, int64_t n) {                                      \
    Map(                                                                                \
        x, y, n, [](Vec v) __attribute__((always_inline))->Vec { return expression; }); \
  }
VIV_MAP(NegRow, -v)
VIV_MAP(AbsRow, Abs(v))
VIV_MAP(SquareRow, v* v)
// Keeps a NaN: v > 0 ? v : 0 would hide it.
VIV_MAP(ReluRow, v < 0 ? Vec{} : v)
VIV_MAP(ExpRow, Exp(v))
VIV_MAP(TanhRow, Tanh(v))
VIV_MAP(SigmoidRow, Sigmoid(v))
#undef VIV_MAP

#define VIV_ZIP(name, loop, R, expression)                                                     \
  void name(const float* x, int64_t step_x, const float* y, int64_t step_y, R* z, int64_t n) { \
    loop(                                                                                      \
        x, step_x, y, step_y, z, n,                                                            \
        [](auto a, auto b) __attribute__((always_inline)) { return expression; });             \
  }
VIV_ZIP(AddRow, Zip, float, a + b)
VIV_ZIP(SubRow, Zip, float, a - b)
VIV_ZIP(MulRow, Zip, float, a* b)
VIV_ZIP(DivRow, Zip, float, a / b)
// The larger or smaller one; NaN where one is.
VIV_ZIP(MaximumRow, Zip, float, ((a > b) | (a != a)) ? a : b)
VIV_ZIP(MinimumRow, Zip, float, ((a < b) | (a != a)) ? a : b)
VIV_ZIP(ReluGradRow, Zip, float, a > 0 ? b : decltype(b){})
VIV_ZIP(EqualRow, Compare, bool, a == b)
VIV_ZIP(NotEqualRow, Compare, bool, a != b)
VIV_ZIP(LessRow, Compare, bool, a < b)
VIV_ZIP(LessEqualRow, Compare, bool, a <= b)
#undef VIV_ZIP

void WidenBFloat16Row(const uint16_t* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FloatOf(static_cast<uint32_t>(x[i]) << 16);
}

void NarrowBFloat16Row(const float* x, uint16_t* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t u = BitsOf(x[i]);
    const uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
    const uint32_t quiet = (u >> 16) | 0x40u;
    y[i] = static_cast<uint16_t>((u & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
  }
}

void WidenHalfRow(const uint16_t* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t h = x[i];
    const uint32_t sign = (h & 0x8000u) << 16, magnitude = h & 0x7fffu;
    // 2^112 moves the exponent from binary16's bias to binary32's, subnormals included.
    const uint32_t finite = BitsOf(FloatOf(magnitude << 13) * 0x1p112f);
    const uint32_t special = 0x7f800000u | ((magnitude & 0x3ffu) << 13);
    y[i] = FloatOf(sign | (magnitude >= 0x7c00u ? special : finite));
  }
}

void NarrowHalfRow(const float* x, uint16_t* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t u = BitsOf(x[i]);
    const uint32_t sign = (u >> 16) & 0x8000u, magnitude = u & 0x7fffffffu;
    // Below 2^-14 the float adder rounds to 2^-24.
    const uint32_t tiny = BitsOf(FloatOf(magnitude) + 0.5f) - 0x3f000000u;
    const uint32_t normal = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
    uint32_t h = magnitude < 0x38800000u ? tiny : normal;
    // What rounds to 65536 or more; NaN.
    h = magnitude >= 0x477ff000u ? 0x7c00u : h;
    h = magnitude > 0x7f800000u ? 0x7e00u : h;
    y[i] = static_cast<uint16_t>(sign | h);
  }
}

void QuantizeBytesRow(const float* x, float inverse, uint8_t* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float scaled = x[i] * inverse;
    // A NaN becomes 0.
    const float above = scaled > 0 ? scaled : 0;
    const float bounded = above < 127 ? above : 127;
    // The float adder rounds to whole numbers there.
    y[i] = static_cast<uint8_t>(BitsOf(bounded + 0x1p23f));
  }
}

void DequantizeBytesRow(const uint8_t* x, float scale, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i]) * scale;
}

}  // namespace viv::VIV_ISA
