// BatchNorm of floats and of bfloat16.
#include "core/kernels/cpu/batch_norm_loops.h"
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

struct Wide {
  using V = Vec;
  static constexpr int64_t kWidth = kLanes;
  template <typename T>
  static Vec Load(const T* p) {
    return VIV_ISA::Load(p);
  }
  template <typename T>
  static void Store(T* p, Vec v) {
    VIV_ISA::Store(p, v);
  }
  static Vec Splat(float v) { return VIV_ISA::Splat(v); }
  // A NaN stays one.
  static Vec Relu(Vec v) { return Max(Vec{}, v); }
  static Vec WherePositive(Vec y, Vec v) { return y > 0 ? v : Vec{}; }
};

struct One {
  using V = float;
  template <typename T>
  static float Load(const T* p) {
    return LoadOne(p);
  }
  template <typename T>
  static void Store(T* p, float v) {
    StoreOne(p, v);
  }
  static float Splat(float v) { return v; }
  static float Relu(float v) { return v < 0 ? 0 : v; }
  static float WherePositive(float y, float v) { return y > 0 ? v : 0; }
};

}  // namespace

#define VIV_DEFINE_BATCH_NORM(T, suffix)                                                        \
  void ChannelSums##suffix(const T* x, int64_t rows, int64_t channels, float* sum) {            \
    ChannelSumsLoop<Wide, One>(x, rows, channels, sum);                                         \
  }                                                                                             \
  void ChannelSquares##suffix(const T* x, const float* mean, int64_t rows, int64_t channels,    \
                              float* rest, float* squares) {                                    \
    ChannelSquaresLoop<Wide, One>(x, mean, rows, channels, rest, squares);                      \
  }                                                                                             \
  void ChannelTransformRows##suffix(const T* x, const ChannelTransform<float>& t, int64_t rows, \
                                    int64_t channels, T* y) {                                   \
    ChannelTransformLoop<Wide, One>(x, t, rows, channels, y);                                   \
  }                                                                                             \
  void ChannelGradSums##suffix(const T* x, const T* dy, const ChannelTransform<float>& t,       \
                               int64_t rows, int64_t channels, float* sum, float* product) {    \
    ChannelGradSumsLoop<Wide, One>(x, dy, t, rows, channels, sum, product);                     \
  }                                                                                             \
  void ChannelGradRows##suffix(const T* x, const T* dy, const ChannelGradient<float>& g,        \
                               int64_t rows, int64_t channels, T* dx) {                         \
    ChannelGradLoop<Wide, One>(x, dy, g, rows, channels, dx);                                   \
  }
VIV_DEFINE_BATCH_NORM(float, Float)
VIV_DEFINE_BATCH_NORM(uint16_t, BFloat16)
#undef VIV_DEFINE_BATCH_NORM

}  // namespace viv::VIV_ISA
