// Through what of a loop gradients flow.
#ifndef VIV_CORE_OPS_LOOP_FLOW_H_
#define VIV_CORE_OPS_LOOP_FLOW_H_

#include <vector>

#include "core/ops/loop_gradient.h"

namespace viv {

struct LoopFlow {
  // Inputs that get a gradient. Of the carries those through which one flows, whether or not
  // somebody asks for that of the initial value.
  std::vector<int> carries, captures, sequences;
  // Outputs beyond the carries from which one comes.
  std::vector<int> outputs;

  bool empty() const { return carries.empty() && captures.empty() && sequences.empty(); }
};

// For a loop with this body. What lies on no way from an output with a gradient to an input that
// needs one is left out: its ops need have no gradient.
absl::StatusOr<LoopFlow> FindLoopFlow(const GradientContext& c, const Function& body,
                                      const LoopLayout& layout);

}  // namespace viv

#endif  // VIV_CORE_OPS_LOOP_FLOW_H_
