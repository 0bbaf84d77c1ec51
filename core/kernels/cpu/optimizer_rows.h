// The rules of optimizers for a run of elements of one variable, its state and its gradient.
#ifndef VIV_CORE_KERNELS_CPU_OPTIMIZER_ROWS_H_
#define VIV_CORE_KERNELS_CPU_OPTIMIZER_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

struct MomentumNumbers {
  float rate, momentum;
  bool nesterov;
};
// s = decay s + share g^2: decay and share are 1 for Adagrad.
struct ScaledNumbers {
  float rate, decay, share, epsilon;
};
// `rate`: with the correction of m; `correction`: that of sqrt(s); `kept`: what decay leaves of v.
struct AdamNumbers {
  float beta1, beta2, epsilon, rate, correction, kept;
};

VIV_DECLARE_ISA(void SgdRow(float rate, float* v, const float* g, int64_t n);)
VIV_DECLARE_ISA(void MomentumRow(const MomentumNumbers& by, float* v, float* u, const float* g,
                                 int64_t n);)
VIV_DECLARE_ISA(void ScaledRow(const ScaledNumbers& by, float* v, float* s, const float* g,
                               int64_t n);)
VIV_DECLARE_ISA(void AdamRow(const AdamNumbers& by, float* v, float* m, float* s, const float* g,
                             int64_t n);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_OPTIMIZER_ROWS_H_
