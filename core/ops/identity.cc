// Identity: y = x. Costs nothing: the output shares the input's memory.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kIdentity({
    .name = "Identity",
    .doc = "The input itself.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = UnchangedShape,
    .gradient = UnchangedGradient,
});

}  // namespace

Output Identity(BuilderRef b, Output x) { return b.Add("Identity", {x}); }

}  // namespace viv
