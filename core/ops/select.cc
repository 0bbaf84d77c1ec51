// Select: x where a condition holds, else y; all three broadcast. The gradient flows where the
// value came from.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

const OpRegistration kSelect({
    .name = "Select",
    .doc = "x where the condition holds, else y.",
    .inputs = {{"condition", kBool}, {"x", "T"}, {"y", "T"}},
    .outputs = {{"z", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = BroadcastShape,
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          const Output zero = ScalarLike(b, 0, c.grad().dtype());
          if (c.needed(1)) {
            c.SetGrad(1, SumLike(b, Select(b, c.input(0), c.grad(), zero), c.input(1)));
          }
          if (c.needed(2)) {
            c.SetGrad(2, SumLike(b, Select(b, c.input(0), zero, c.grad()), c.input(2)));
          }
          return absl::OkStatus();
        },
});

}  // namespace

Output Select(BuilderRef b, Output condition, Output x, Output y) {
  return b.Add("Select", {condition, x, y});
}

}  // namespace viv
