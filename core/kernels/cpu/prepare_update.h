// What updates check before any of a run writes (Kernel::PrepareUpdate). Shapes that the graph
// declares were checked with it; where it leaves them open, only the run knows them.
#ifndef VIV_CORE_KERNELS_CPU_PREPARE_UPDATE_H_
#define VIV_CORE_KERNELS_CPU_PREPARE_UPDATE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/device/kernel.h"

namespace viv {

inline absl::Status VariableMismatch(const KernelContext& c, int i, const Shape& value,
                                     const std::string& what, const Shape& wrong) {
  return absl::InvalidArgumentError(absl::StrCat("variable '", c.variable(i).name(), "' is ",
                                                 value.ToString(), ", but ", what, " ",
                                                 wrong.ToString()));
}

// Prepares to write all of variable i in place, which has the type and shape of `delta`.
inline absl::Status PrepareWhole(const KernelContext& c, int i, const Tensor& delta) {
  ASSIGN_OR_RETURN(const Tensor* const value, c.variable(i).PrepareMutable(delta.dtype()));
  if (value->shape() == delta.shape()) return absl::OkStatus();
  return VariableMismatch(c, i, value->shape(), "its update is", delta.shape());
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_PREPARE_UPDATE_H_
