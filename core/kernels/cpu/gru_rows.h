// The element-wise halves of a GRU step for one example: H units, gates [4H] in the order r, z, n,
// q, where q is the recurrent product of the candidate with its bias.
#ifndef VIV_CORE_KERNELS_CPU_GRU_ROWS_H_
#define VIV_CORE_KERNELS_CPU_GRU_ROWS_H_

#include <cmath>
#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// From the products of x and of h, [3H] each, and bias [4H]. `gates` may be `a`, `h_new` may be
// `h`.
VIV_DECLARE_ISA(void GruForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                                   const float* h, float* gates, float* h_new);)
void GruForwardRow(int64_t units, const double* a, const double* b, const double* bias,
                   const double* h, double* gates, double* h_new);

// From the gradient of the new h those of the pre-activations of r, z, n and of q, and of h, as far
// as it does not flow through them. d_gates may be `gates`, dh_old may be `dh`.
VIV_DECLARE_ISA(void GruBackwardRow(int64_t units, const float* gates, const float* h,
                                    const float* dh, float* d_gates, float* dh_old);)
void GruBackwardRow(int64_t units, const double* gates, const double* h, const double* dh,
                    double* d_gates, double* dh_old);

inline void GruForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                          const float* h, float* gates, float* h_new) {
  VIV_CALL_ISA(GruForwardRow)(units, a, b, bias, h, gates, h_new);
}
inline void GruBackwardRow(int64_t units, const float* gates, const float* h, const float* dh,
                           float* d_gates, float* dh_old) {
  VIV_CALL_ISA(GruBackwardRow)(units, gates, h, dh, d_gates, dh_old);
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_GRU_ROWS_H_
