// Updates of variables: they run in the commit phase, under the session's lock, in place.
#include "core/base/status.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

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

}  // namespace
}  // namespace viv
