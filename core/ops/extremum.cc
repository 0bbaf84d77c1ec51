// Maximum, Minimum, Mod and Pow: z = f(x, y) with broadcasting. Where x and y are equal, all of the
// gradient of an extremum flows into x.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

OpDef Binary(const char* name, const char* doc, std::vector<DType> types, GradientFn gradient) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}, {"y", "T"}},
          .outputs = {{"z", "T"}},
          .types = {{"T", std::move(types)}},
          .shape = BroadcastShape,
          .gradient = std::move(gradient)};
}

// `takes_x`: whether z is x, given x and y.
GradientFn ExtremumGradient(Output (*takes_x)(BuilderRef, Output, Output)) {
  return [takes_x](GradientContext& c) {
    const GraphBuilder& b = c.builder();
    const Output from_x = takes_x(b, c.input(0), c.input(1));
    const Output zero = ScalarLike(b, 0, c.grad().dtype());
    if (c.needed(0)) c.SetGrad(0, SumLike(b, Select(b, from_x, c.grad(), zero), c.input(0)));
    if (c.needed(1)) c.SetGrad(1, SumLike(b, Select(b, from_x, zero, c.grad()), c.input(1)));
    return absl::OkStatus();
  };
}

const OpRegistration kMaximum(Binary("Maximum", "the larger of x and y", kNumericTypes,
                                     ExtremumGradient(&GreaterEqual)));
const OpRegistration kMinimum(Binary("Minimum", "the smaller of x and y", kNumericTypes,
                                     ExtremumGradient(&LessEqual)));
const OpRegistration kMod(Binary("Mod", "x - floor(x / y) y, of y's sign", kNumericTypes,
                                 NotDifferentiable()));

// d x^y = y x^(y - 1) dx + x^y log(x) dy, where 0^y log(0) counts as 0.
const OpRegistration kPow(
    Binary("Pow", "x to the power of y", kFloatingTypes, [](GradientContext& c) {
      const GraphBuilder& b = c.builder();
      const Output x = c.input(0), y = c.input(1);
      const DType dtype = x.dtype();
      if (c.needed(0)) {
        const Output lower = Pow(b, x, Sub(b, y, ScalarLike(b, 1, dtype)));
        c.SetGrad(0, SumLike(b, Mul(b, c.grad(), Mul(b, y, lower)), x));
      }
      if (c.needed(1)) {
        const Output zero = ScalarLike(b, 0, dtype);
        const Output one = ScalarLike(b, 1, dtype);
        const Output is_zero = Equal(b, x, zero);
        const Output log = Select(b, is_zero, zero, Log(b, Select(b, is_zero, one, x)));
        c.SetGrad(1, SumLike(b, Mul(b, c.grad(), Mul(b, c.output(0), log)), y));
      }
      return absl::OkStatus();
    }));

}  // namespace

Output Maximum(BuilderRef b, Output x, Output y) { return b.Add("Maximum", {x, y}); }
Output Minimum(BuilderRef b, Output x, Output y) { return b.Add("Minimum", {x, y}); }
Output Mod(BuilderRef b, Output x, Output y) { return b.Add("Mod", {x, y}); }
Output Pow(BuilderRef b, Output x, Output y) { return b.Add("Pow", {x, y}); }

Output Clip(BuilderRef b, Output x, double low, double high) {
  if (!x.valid()) return x;
  return Minimum(b, Maximum(b, x, ScalarLike(b, low, x.dtype())), ScalarLike(b, high, x.dtype()));
}

}  // namespace viv
