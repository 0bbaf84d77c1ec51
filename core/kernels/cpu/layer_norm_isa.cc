// LayerNorm and its gradient for one row of floats.
#include <math.h>

#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {

void LayerNormRow(const float* x, const float* scale, const float* bias, int64_t n, float epsilon,
                  float* y, float* mean, float* inverse) {
  const float width = static_cast<float>(n);
  Vec sum = {}, squares = {};
  float rest = 0;
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) sum += Load(x + j);
  for (; j < n; ++j) rest += x[j];
  const float m = *mean = (HorizontalSum(sum) + rest) / width;
  rest = 0;
  for (j = 0; j + kLanes <= n; j += kLanes) {
    const Vec d = Load(x + j) - m;
    squares += d * d;
  }
  for (; j < n; ++j) rest += (x[j] - m) * (x[j] - m);
  const float r = *inverse = 1 / sqrtf((HorizontalSum(squares) + rest) / width + epsilon);
  for (j = 0; j + kLanes <= n; j += kLanes) {
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
