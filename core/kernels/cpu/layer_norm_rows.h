// LayerNorm and its gradient for one row.
#ifndef VIV_CORE_KERNELS_CPU_LAYER_NORM_ROWS_H_
#define VIV_CORE_KERNELS_CPU_LAYER_NORM_ROWS_H_

#include <cmath>
#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// y = (x - mean) inverse scale + bias; y may be x.
VIV_DECLARE_ISA(void LayerNormRow(const float* x, const float* scale, const float* bias, int64_t n,
                                  float epsilon, float* y, float* mean, float* inverse);)
// Adds to d_scale and d_bias; dx may be x or dy.
VIV_DECLARE_ISA(void LayerNormGradRow(const float* x, const float* scale, const float* dy,
                                      int64_t n, float mean, float inverse, float* dx,
                                      float* d_scale, float* d_bias);)

inline void LayerNormRow(const float* x, const float* scale, const float* bias, int64_t n,
                         float epsilon, float* y, float* mean, float* inverse) {
  VIV_CALL_ISA(LayerNormRow)(x, scale, bias, n, epsilon, y, mean, inverse);
}
inline void LayerNormGradRow(const float* x, const float* scale, const float* dy, int64_t n,
                             float mean, float inverse, float* dx, float* d_scale, float* d_bias) {
  VIV_CALL_ISA(LayerNormGradRow)(x, scale, dy, n, mean, inverse, dx, d_scale, d_bias);
}

inline void LayerNormRow(const double* x, const double* scale, const double* bias, int64_t n,
                         double epsilon, double* y, double* mean, double* inverse) {
  double sum = 0, squares = 0;
  for (int64_t j = 0; j < n; ++j) sum += x[j];
  *mean = sum / static_cast<double>(n);
  for (int64_t j = 0; j < n; ++j) squares += (x[j] - *mean) * (x[j] - *mean);
  *inverse = 1 / std::sqrt(squares / static_cast<double>(n) + epsilon);
  for (int64_t j = 0; j < n; ++j) y[j] = (x[j] - *mean) * *inverse * scale[j] + bias[j];
}
inline void LayerNormGradRow(const double* x, const double* scale, const double* dy, int64_t n,
                             double mean, double inverse, double* dx, double* d_scale,
                             double* d_bias) {
  double sum = 0, products = 0;
  for (int64_t j = 0; j < n; ++j) {
    const double normal = (x[j] - mean) * inverse;
    sum += dy[j] * scale[j];
    products += dy[j] * scale[j] * normal;
    d_scale[j] += dy[j] * normal;
    d_bias[j] += dy[j];
  }
  sum /= static_cast<double>(n);
  products /= static_cast<double>(n);
  for (int64_t j = 0; j < n; ++j) {
    dx[j] = inverse * (dy[j] * scale[j] - sum - (x[j] - mean) * inverse * products);
  }
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_LAYER_NORM_ROWS_H_
