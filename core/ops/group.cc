// Group: a target that stands for several others.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/state.h"

namespace viv {
namespace {

const OpRegistration kGroup({
    .name = "Group",
    .doc = "Does nothing itself; its control inputs are run.",
    .shape = NoOutputs,
    .gradient = NotDifferentiable(),
    .stateful = true,
});

}  // namespace

Output Group(BuilderRef b, const std::vector<Output>& targets) {
  for (const Output& target : targets) {
    if (!target.valid()) {
      b.SetError(absl::InvalidArgumentError("Group: a target is missing"));
      return Output();
    }
  }
  const GraphBuilder after = b.builder().At(b.site()).After(targets);
  return BuilderRef(after).AddTarget("Group", {});
}

}  // namespace viv
