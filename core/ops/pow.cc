// Pow: z = x^y with broadcasting.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// y x^(y - 1), and 0 where y is 0, also for x = 0.
Output SlopeInX(const GraphBuilder& b, Output x, Output y) {
  const Output zero = ScalarLike(b, 0, y.dtype()), one = ScalarLike(b, 1, y.dtype());
  const Output constant = Equal(b, y, zero);
  const Output slope = Mul(b, y, Pow(b, x, Select(b, constant, one, Sub(b, y, one))));
  return Select(b, constant, zero, slope);
}

// z log(x), and 0 where x is 0: 0^y is constant in y > 0.
Output SlopeInY(const GraphBuilder& b, Output x, Output z) {
  const Output zero = ScalarLike(b, 0, x.dtype()), one = ScalarLike(b, 1, x.dtype());
  return Mul(b, z, Log(b, Select(b, Equal(b, x, zero), one, x)));
}

const OpRegistration kPow({
    .name = "Pow",
    .doc = "x to the power of y.",
    .inputs = {{"x", "T"}, {"y", "T"}},
    .outputs = {{"z", "T"}},
    .types = {{"T", kFloatingTypes}},
    .shape = BroadcastShape,
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          const Output x = c.input(0), y = c.input(1);
          if (c.needed(0)) c.SetGrad(0, SumLike(b, Mul(b, c.grad(), SlopeInX(b, x, y)), x));
          if (c.needed(1)) {
            c.SetGrad(1, SumLike(b, Mul(b, c.grad(), SlopeInY(b, x, c.output(0))), y));
          }
          return absl::OkStatus();
        },
});

}  // namespace

Output Pow(BuilderRef b, Output x, Output y) { return b.Add("Pow", {x, y}); }

}  // namespace viv
