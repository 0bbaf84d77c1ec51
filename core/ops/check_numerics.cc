// CheckNumerics: x itself; ends a run where it holds a NaN or an infinity.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/debug.h"

namespace viv {
namespace {

const OpRegistration kCheckNumerics({
    .name = "CheckNumerics",
    .doc = "The input itself; fails where it is not finite.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"message", AttrValue("")}},
    .types = {{"T", kFloatingTypes}},
    .shape = UnchangedShape,
    .gradient = UnchangedGradient,
    .stateful = true,
});

}  // namespace

Output CheckNumerics(BuilderRef b, Output x, const std::string& message) {
  return b.Add("CheckNumerics", {x}, {{"message", message}});
}

}  // namespace viv
