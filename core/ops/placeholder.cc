// Placeholder: a value that each run feeds. Argument: the same for the arguments of a function,
// which the node that runs it provides.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

absl::Status DeclaredShape(ShapeContext& c) {
  c.set_output(0, c.attrs().ShapeAttr("shape"));
  return absl::OkStatus();
}

const OpRegistration kPlaceholder({
    .name = "Placeholder",
    .doc = "A value that each run feeds.",
    .outputs = {{"value", "dtype"}},
    .attrs = {{"dtype", AttrType::kType}, {"shape", AttrType::kShape}},
    .shape = DeclaredShape,
    .gradient = NotDifferentiable(),
    .stateful = true,
});

const OpRegistration kArgument({
    .name = "Argument",
    .doc = "An argument of a function.",
    .outputs = {{"value", "dtype"}},
    .attrs = {{"dtype", AttrType::kType}, {"shape", AttrType::kShape}},
    .shape = DeclaredShape,
    .gradient = NotDifferentiable(),
    .stateful = true,
});

}  // namespace

Output Placeholder(BuilderRef b, DType dtype, const PartialShape& shape) {
  return b.Add("Placeholder", {}, {{"dtype", dtype}, {"shape", shape}});
}

}  // namespace viv
