// Assert: ends a run where a condition does not hold.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/debug.h"

namespace viv {
namespace {

const OpRegistration kAssert({
    .name = "Assert",
    .doc = "Fails where a condition does not hold.",
    .inputs = {{"condition", kBool}, {.name = "values", .type = "any", .arity = Arity::kMany}},
    .attrs = {{"message", AttrValue("")}},
    .shape = NoOutputs,
    .gradient = NotDifferentiable(),
    .stateful = true,
});

}  // namespace

Output Assert(BuilderRef b, Output condition, const std::string& message,
              const std::vector<Output>& values) {
  std::vector<Output> inputs = {condition};
  inputs.insert(inputs.end(), values.begin(), values.end());
  return b.AddTarget("Assert", inputs, {{"message", message}});
}

}  // namespace viv
