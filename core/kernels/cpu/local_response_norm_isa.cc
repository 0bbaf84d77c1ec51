// LocalResponseNorm of floats.
#include "core/kernels/cpu/local_response_norm_rows.h"
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

struct Wide {
  using V = Vec;
  static constexpr int64_t kWidth = kLanes;
  static Vec Load(const float* p) { return VIV_ISA::Load(p); }
  static void Store(float* p, Vec v) { VIV_ISA::Store(p, v); }
  static Vec Splat(float v) { return VIV_ISA::Splat(v); }
  // s^-beta; the published beta, 0.75, without a logarithm.
  static Vec InversePower(Vec s, float beta) {
    if (beta == 0.75f) {
      const Vec root = Sqrt(s);
      return 1.0f / (root * Sqrt(root));
    }
    for (int i = 0; i < kLanes; ++i) s[i] = __builtin_powf(s[i], -beta);
    return s;
  }
};

struct One {
  using V = float;
  static float Load(const float* p) { return *p; }
  static void Store(float* p, float v) { *p = v; }
  static float Splat(float v) { return v; }
  static float InversePower(float s, float beta) { return __builtin_powf(s, -beta); }
};

}  // namespace

void LocalResponseRow(const LocalResponse<float>& p, const float* x, float* y) {
  LocalResponseLoop<Wide, One>(p, x, y);
}
void LocalResponseGradRow(const LocalResponse<float>& p, const float* x, const float* dy,
                          float* work, float* dx) {
  LocalResponseGradLoop<Wide, One>(p, x, dy, work, dx);
}

}  // namespace viv::VIV_ISA
