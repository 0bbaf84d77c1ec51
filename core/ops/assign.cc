// Assign: v = value at the end of the run.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/state.h"

namespace viv {
namespace {

const OpRegistration kAssign({
    .name = "Assign",
    .doc = "Gives a variable a value at the end of the run.",
    .inputs = {{"handle", kResource}, {"value", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = [](ShapeContext& c) { return c.input(0).Merge(c.input(1)).status(); },
    .gradient = NotDifferentiable(),
    .updates = 1,
});

}  // namespace

Output Assign(BuilderRef b, const Variable& v, Output value) {
  return b.AddTarget("Assign", {v.handle(), value});
}

}  // namespace viv
