// The element-wise halves of a GRU step for one example: H units, gates [4H] in the order r, z, n,
// q, where q is the recurrent product of the candidate with its bias.
#ifndef VIV_CORE_KERNELS_CPU_GRU_ROWS_H_
#define VIV_CORE_KERNELS_CPU_GRU_ROWS_H_

#include <cmath>
#include <cstdint>

#include "core/base/isa.h"
#include "core/tensor/float16.h"

namespace viv {

// From the products of x and of h, [3H] each, and bias [4H]. `gates` may be `a`, `h_new` may be
// `h`. In bfloat16 gates are stored rounded.
VIV_DECLARE_ISA(void GruForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                                   const float* h, float* gates, float* h_new);)
VIV_DECLARE_ISA(void GruForwardRowBFloat16(int64_t units, const float* a, const float* b,
                                           const float* bias, const float* h, uint16_t* gates,
                                           float* h_new);)
void GruForwardRow(int64_t units, const double* a, const double* b, const double* bias,
                   const double* h, double* gates, double* h_new);

// From the gradient of the new h those of the pre-activations of r, z, n and of q, and of h, as far
// as it does not flow through them. d_gates may be `gates`, dh_old may be `dh`.
VIV_DECLARE_ISA(void GruBackwardRow(int64_t units, const float* gates, const float* h,
                                    const float* dh, float* d_gates, float* dh_old);)
VIV_DECLARE_ISA(void GruBackwardRowBFloat16(int64_t units, const uint16_t* gates, const uint16_t* h,
                                            const float* dh, uint16_t* d_gates, float* dh_old);)
void GruBackwardRow(int64_t units, const double* gates, const double* h, const double* dh,
                    double* d_gates, double* dh_old);

inline void GruForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                          const float* h, float* gates, float* h_new) {
  VIV_CALL_ISA(GruForwardRow)(units, a, b, bias, h, gates, h_new);
}
inline void GruForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                          const float* h, BFloat16* gates, float* h_new) {
  VIV_CALL_ISA(GruForwardRowBFloat16)(units, a, b, bias, h, &gates->bits, h_new);
}
inline void GruBackwardRow(int64_t units, const float* gates, const float* h, const float* dh,
                           float* d_gates, float* dh_old) {
  VIV_CALL_ISA(GruBackwardRow)(units, gates, h, dh, d_gates, dh_old);
}
inline void GruBackwardRow(int64_t units, const BFloat16* gates, const BFloat16* h, const float* dh,
                           BFloat16* d_gates, float* dh_old) {
  VIV_CALL_ISA(GruBackwardRowBFloat16)(units, &gates->bits, &h->bits, dh, &d_gates->bits, dh_old);
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_GRU_ROWS_H_
