// Builder functions of the updates that optimizers are made of.
#ifndef VIV_CORE_OPS_OPTIMIZER_H_
#define VIV_CORE_OPS_OPTIMIZER_H_

#include "core/ops/state.h"

namespace viv {

// v -= rate * gradient. rate: a float scalar.
Output ApplySgd(BuilderRef b, const Variable& v, Output gradient, Output rate);

// Kingma and Ba 2015, with bias correction for the update number `step` (from 1, a float scalar):
//   m = beta1 m + (1 - beta1) g;  s = beta2 s + (1 - beta2) g^2
//   v -= rate * (m / (1 - beta1^step) / (sqrt(s / (1 - beta2^step)) + epsilon) + weight_decay * v)
struct AdamOptions {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0;  // Loshchilov and Hutter 2019
};
Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                 Output gradient, Output rate, Output step, AdamOptions options = {});

}  // namespace viv

#endif  // VIV_CORE_OPS_OPTIMIZER_H_
