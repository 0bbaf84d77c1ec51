// Assign and AssignAdd: v = value or v += delta at the end of the run.
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

const OpRegistration kAssignAdd({
    .name = "AssignAdd",
    .doc = "Adds to a variable at the end of the run.",
    .inputs = {{"handle", kResource}, {"delta", "T"}},
    .types = {{"T", {kFloat, kDouble, kInt32, kInt64}}},
    .shape = [](ShapeContext& c) { return c.input(0).Merge(c.input(1)).status(); },
    .gradient = NotDifferentiable(),
    .updates = 1,
});

}  // namespace

Output AssignAdd(BuilderRef b, const Variable& v, Output delta) {
  return b.AddTarget("AssignAdd", {v.handle(), delta});
}

Output Assign(BuilderRef b, const Variable& v, Output value) {
  return b.AddTarget("Assign", {v.handle(), value});
}

}  // namespace viv
