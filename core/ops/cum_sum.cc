// CumSum: y[i] = x[0] + ... + x[i] along an axis. Its transpose runs the other way.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/math.h"

namespace viv {
namespace {

const OpRegistration kCumSum({
    .name = "CumSum",
    .doc = "The sums of all elements up to each one along an axis.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axis", AttrType::kInt},
              {"exclusive", AttrValue(false)},
              {"reverse", AttrValue(false)}},
    .types = {{"T", kNumericTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      c.set_output(0, c.input(0));
      if (!c.input(0).known_rank()) return absl::OkStatus();
      return NormalizeAxis(c.attrs().Int("axis"), c.input(0).rank()).status();
    },
    .gradient =
        [](GradientContext& c) {
          const AttrMap& attrs = c.attrs();
          c.SetGrad(0, CumSum(c.builder(), c.grad(), attrs.Int("axis"),
                              {attrs.Bool("exclusive"), !attrs.Bool("reverse")}));
          return absl::OkStatus();
        },
});

}  // namespace

Output CumSum(BuilderRef b, Output x, int64_t axis, CumSumOptions options) {
  return b.Add("CumSum", {x},
               {{"axis", axis}, {"exclusive", options.exclusive}, {"reverse", options.reverse}});
}

}  // namespace viv
