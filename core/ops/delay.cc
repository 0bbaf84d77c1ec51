// Delay: y = x, not before `signal` was computed. Costs nothing: the output shares x's memory. What
// is computed of y happens late, and apart from what is computed of x
// (core/autodiff/recomputation.h).
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kDelay({
    .name = "Delay",
    .doc = "x, after the signal.",
    .inputs = {{"x", "T"}, {"signal", "S"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}, {"S", kAllTypes}},
    .shape = UnchangedShape,
    .gradient = UnchangedGradient,
});

}  // namespace

Output Delay(BuilderRef b, Output x, Output signal) { return b.Add("Delay", {x, signal}); }

}  // namespace viv
