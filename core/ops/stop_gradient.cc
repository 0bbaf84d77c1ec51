// StopGradient: y = x, and no gradient flows back.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kStopGradient({
    .name = "StopGradient",
    .doc = "The input itself, cut off from its gradient.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = UnchangedShape,
    .gradient = NotDifferentiable(),
});

}  // namespace

Output StopGradient(BuilderRef b, Output x) { return b.Add("StopGradient", {x}); }

}  // namespace viv
