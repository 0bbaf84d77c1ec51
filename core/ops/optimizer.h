// Builder functions of the updates that optimizers are made of.
//
// A gradient is dense, of the variable's shape, or holds rows (of an embedding table). Of rows, no
// index may come twice (CombineRows), and an index of -1 stands for none. Only the rows named are
// touched, the state of a rule (m, s, u) included: a rule that would move a variable whose gradient
// is 0 as well (momentum, RmsProp, Adam, weight decay) is lazy for rows. Scalars are floats.
// Where `only_if`, a boolean scalar, is given and false, nothing is updated.
#ifndef VIV_CORE_OPS_OPTIMIZER_H_
#define VIV_CORE_OPS_OPTIMIZER_H_

#include "core/graph/gradient_context.h"
#include "core/ops/state.h"

namespace viv {

// Sums the values of repeated rows: the result has each row once, and as many as before: those to
// spare have index -1 and zeros. The sums are those of the dense gradient to the bit. `shape` (an
// int64 vector) is that of the variable; a row outside of it is an error of the run.
Gradient CombineRows(BuilderRef b, const Gradient& gradient, Output shape);

// v -= rate g.
Output ApplySgd(BuilderRef b, const Variable& v, const Gradient& gradient, Output rate,
                Output only_if = {});
inline Output ApplySgd(BuilderRef b, const Variable& v, Output gradient, Output rate) {
  return ApplySgd(b, v, Gradient{.dense = gradient}, rate);
}

// u = momentum u + g;  v -= rate u (nesterov: rate (g + momentum u), Sutskever et al. 2013).
Output ApplyMomentum(BuilderRef b, const Variable& v, const Variable& u, const Gradient& gradient,
                     Output rate, float momentum, bool nesterov, Output only_if = {});

// Duchi et al. 2011: s += g^2;  v -= rate g / (sqrt(s) + epsilon).
Output ApplyAdagrad(BuilderRef b, const Variable& v, const Variable& s, const Gradient& gradient,
                    Output rate, float epsilon, Output only_if = {});

// Tieleman and Hinton 2012: s = decay s + (1 - decay) g^2;  v -= rate g / (sqrt(s) + epsilon).
Output ApplyRmsProp(BuilderRef b, const Variable& v, const Variable& s, const Gradient& gradient,
                    Output rate, float decay, float epsilon, Output only_if = {});

// Kingma and Ba 2015, with bias correction for the update number `step` (from 1):
//   m = beta1 m + (1 - beta1) g;  s = beta2 s + (1 - beta2) g^2
//   v -= rate * (m / (1 - beta1^step) / (sqrt(s / (1 - beta2^step)) + epsilon) + weight_decay * v)
struct AdamOptions {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0;  // Loshchilov and Hutter 2019
};
Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                 const Gradient& gradient, Output rate, Output step, AdamOptions options = {},
                 Output only_if = {});
inline Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                        Output gradient, Output rate, Output step, AdamOptions options = {}) {
  return ApplyAdam(b, v, m, s, Gradient{.dense = gradient}, rate, step, options);
}

}  // namespace viv

#endif  // VIV_CORE_OPS_OPTIMIZER_H_
