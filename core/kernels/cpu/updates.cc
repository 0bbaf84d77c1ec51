// Updates of variables: they run in the commit phase, under the session's lock, in place.
#include "core/base/status.h"
#include "core/kernels/cpu/prepare_update.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/wrapping.h"

namespace viv {
namespace {

class AssignKernel : public Kernel {
 public:
  explicit AssignKernel(const KernelInit&) {}
  absl::Status PrepareUpdate(const KernelContext& c) const override {
    return c.variable(0).PrepareAssign(c.input(1).dtype(), c.input(1).shape());
  }
  absl::Status Compute(const KernelContext& c) const override {
    return c.variable(0).Assign(c.input(1));
  }
};
const KernelRegistration kAssign({.op = "Assign",
                                  .device = "cpu",
                                  .factory = MakeKernel<AssignKernel>()});
const KernelRegistration kInitialize({.op = "InitializeVariable",
                                      .device = "cpu",
                                      .factory = MakeKernel<AssignKernel>()});

template <typename T>
class AssignAddKernel : public Kernel {
 public:
  explicit AssignAddKernel(const KernelInit&) {}
  absl::Status PrepareUpdate(const KernelContext& c) const override {
    return PrepareWhole(c, 0, c.input(1));
  }
  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(Tensor * v, c.variable(0).Mutable());
    T* to = v->mutable_data<T>();
    const T* delta = c.in<T>(1);
    for (int64_t i = 0; i < v->num_elements(); ++i) to[i] = WrappingAdd(to[i], delta[i]);
    c.variable(0).BumpVersion();
    return absl::OkStatus();
  }
};
const bool kAssignAdd = RegisterFor<float, double, int32_t, int64_t>(
    "AssignAdd", []<typename T>() { return MakeKernel<AssignAddKernel<T>>(); });

}  // namespace
}  // namespace viv
