// FloorDiv and Mod: floor(x / y) and x - floor(x / y) y, with broadcasting.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

OpDef Binary(const char* name, const char* doc, GradientFn gradient) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}, {"y", "T"}},
          .outputs = {{"z", "T"}},
          .types = {{"T", kNumericTypes}},
          .shape = BroadcastShape,
          .gradient = std::move(gradient)};
}

// Constant between its jumps.
const OpRegistration kFloorDiv(Binary("FloorDiv", "floor(x / y)", NotDifferentiable()));

// d (x mod y) = dx - floor(x / y) dy between the jumps.
const OpRegistration kMod(Binary("Mod", "x - floor(x / y) y, of y's sign", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), y = c.input(1);
  if (c.needed(0)) c.SetGrad(0, SumLike(b, c.grad(), x));
  if (c.needed(1)) {
    c.SetGrad(1, SumLike(b, Neg(b, Mul(b, c.grad(), FloorDiv(b, x, y))), y));
  }
  return absl::OkStatus();
}));

}  // namespace

Output FloorDiv(BuilderRef b, Output x, Output y) { return b.Add("FloorDiv", {x, y}); }
Output Mod(BuilderRef b, Output x, Output y) { return b.Add("Mod", {x, y}); }

}  // namespace viv
