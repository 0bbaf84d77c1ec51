// Registers one kernel for several element types.
#ifndef VIV_CORE_KERNELS_CPU_REGISTER_H_
#define VIV_CORE_KERNELS_CPU_REGISTER_H_

#include <string>
#include <utility>
#include <vector>

#include "core/device/kernel.h"

namespace viv {

// Registers `make.operator()<T>()`, a KernelFactory, for T = each of Ts as the type variable "T".
//   const bool kRegistered = RegisterFor<float, double>("Neg", []<typename T>() { ... });
template <typename... Ts, typename F>
bool RegisterFor(const std::string& op, F make, std::vector<InPlace> in_place = {}) {
  (KernelRegistration(KernelDef{.op = op,
                                .device = "cpu",
                                .types = {{"T", DTypeOf<Ts>}},
                                .factory = make.template operator()<Ts>(),
                                .in_place = in_place}),
   ...);
  return true;
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_REGISTER_H_
