// LayerNorm and its gradient for one row of floats.
#include <math.h>

#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// The sum of each(x) over a row. Four running sums, so that none waits for the one before.
template <typename Each>
float SumOf(const float* x, int64_t n, Each each) {
  Vec sums[4] = {};
  int64_t j = 0;
  for (; j + 4 * kLanes <= n; j += 4 * kLanes) {
    for (int k = 0; k < 4; ++k) sums[k] += each(Load(x + j + k * kLanes));
  }
  for (; j + kLanes <= n; j += kLanes) sums[0] += each(Load(x + j));
  float rest = 0;
  for (; j < n; ++j) rest += each(Splat(x[j]))[0];
  return HorizontalSum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

}  // namespace

void LayerNormRow(const float* x, const float* scale, const float* bias, int64_t n, float epsilon,
                  float* y, float* mean, float* inverse) {
  const float width = static_cast<float>(n);
  const float m = *mean = SumOf(x, n, [](Vec v) { return v; }) / width;
  const auto square = [m](Vec v) { return (v - m) * (v - m); };
  const float r = *inverse = 1 / sqrtf(SumOf(x, n, square) / width + epsilon);
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    Store(y + j, (Load(x + j) - m) * r * Load(scale + j) + Load(bias + j));
  }
  for (; j < n; ++j) y[j] = (x[j] - m) * r * scale[j] + bias[j];
}

void LayerNormGradRow(const float* x, const float* scale, const float* dy, int64_t n, float mean,
                      float inverse, float* dx, float* d_scale, float* d_bias) {
  Vec sums = {}, products = {};
  float sum = 0, product = 0;
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    const Vec normal = (Load(x + j) - mean) * inverse, g = Load(dy + j), a = g * Load(scale + j);
    sums += a;
    products += a * normal;
    Store(d_scale + j, Load(d_scale + j) + g * normal);
    Store(d_bias + j, Load(d_bias + j) + g);
  }
  for (; j < n; ++j) {
    const float normal = (x[j] - mean) * inverse, a = dy[j] * scale[j];
    sum += a;
    product += a * normal;
    d_scale[j] += dy[j] * normal;
    d_bias[j] += dy[j];
  }
  const float width = static_cast<float>(n);
  sum = (sum + HorizontalSum(sums)) / width;
  product = (product + HorizontalSum(products)) / width;
  for (j = 0; j + kLanes <= n; j += kLanes) {
    const Vec normal = (Load(x + j) - mean) * inverse;
    Store(dx + j, (Load(dy + j) * Load(scale + j) - sum - normal * product) * inverse);
  }
  for (; j < n; ++j) {
    dx[j] = (dy[j] * scale[j] - sum - (x[j] - mean) * inverse * product) * inverse;
  }
}

}  // namespace viv::VIV_ISA
