// Updates of variables: they run in the commit phase, under the session's lock, in place.
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 15;

absl::Status Assign(const KernelContext& c) { return c.variable(0).Assign(c.input(1)); }
const KernelRegistration kAssign("Assign", "cpu", {}, &Assign);
const KernelRegistration kInitialize("InitializeVariable", "cpu", {}, &Assign);

template <typename T>
absl::Status AssignAdd(const KernelContext& c) {
  ASSIGN_OR_RETURN(Tensor * v, c.variable(0).Mutable());
  T* to = v->mutable_data<T>();
  const T* delta = c.in<T>(1);
  for (int64_t i = 0; i < v->num_elements(); ++i) to[i] += delta[i];
  c.variable(0).BumpVersion();
  return absl::OkStatus();
}
const bool kAssignAdd = RegisterFor<float, double, int32_t, int64_t>(
    "AssignAdd", []<typename T>() { return MakeKernel(ComputeFn{&AssignAdd<T>}); });

absl::Status ApplySgd(const KernelContext& c) {
  ASSIGN_OR_RETURN(Tensor * v, c.variable(0).Mutable());
  float* to = v->mutable_data<float>();
  const float* gradient = c.in<float>(1);
  const float rate = c.input(2).scalar<float>();
  ParallelFor(v->num_elements(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] -= rate * gradient[i];
  });
  c.variable(0).BumpVersion();
  return absl::OkStatus();
}
const KernelRegistration kSgd("ApplySgd", "cpu", {}, &ApplySgd);

class AdamKernel : public Kernel {
 public:
  explicit AdamKernel(const KernelInit& init)
      : beta1_(static_cast<float>(init.attrs.Float("beta1"))),
        beta2_(static_cast<float>(init.attrs.Float("beta2"))),
        epsilon_(static_cast<float>(init.attrs.Float("epsilon"))),
        weight_decay_(static_cast<float>(init.attrs.Float("weight_decay"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    float* slots[3];
    for (int i = 0; i < 3; ++i) {
      ASSIGN_OR_RETURN(Tensor * tensor, c.variable(i).Mutable());
      slots[i] = tensor->mutable_data<float>();
    }
    const float* gradient = c.in<float>(3);
    const float step = c.input(5).scalar<float>();
    const float rate = c.input(4).scalar<float>() / (1 - std::pow(beta1_, step));
    const float kept = 1 - c.input(4).scalar<float>() * weight_decay_;
    const float correction = 1 / std::sqrt(1 - std::pow(beta2_, step));
    auto [v, m, s] = slots;
    ParallelFor(c.input(3).num_elements(), kGrain,
                [&, v = v, m = m, s = s](int64_t i, int64_t end) {
                  for (; i < end; ++i) {
                    m[i] = beta1_ * m[i] + (1 - beta1_) * gradient[i];
                    s[i] = beta2_ * s[i] + (1 - beta2_) * gradient[i] * gradient[i];
                    v[i] = kept * v[i] - rate * m[i] / (std::sqrt(s[i]) * correction + epsilon_);
                  }
                });
    for (int i = 0; i < 3; ++i) c.variable(i).BumpVersion();
    return absl::OkStatus();
  }

 private:
  float beta1_, beta2_, epsilon_, weight_decay_;
};
const KernelRegistration kAdam({.op = "ApplyAdam",
                                .device = "cpu",
                                .factory = MakeKernel<AdamKernel>()});

}  // namespace
}  // namespace viv
