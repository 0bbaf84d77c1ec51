// Add, Sub, Mul, Div: z = x op y with broadcasting. The gradient with respect to an operand is
// summed over the dimensions along which that operand was broadcast.
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

const OpRegistration kAdd(Binary("Add", "x + y", [](GradientContext& c) {
  for (int i = 0; i < 2; ++i) {
    if (c.needed(i)) c.SetGrad(i, SumLike(c.builder(), c.grad(), c.input(i)));
  }
  return absl::OkStatus();
}));

const OpRegistration kSub(Binary("Sub", "x - y", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  if (c.needed(0)) c.SetGrad(0, SumLike(b, c.grad(), c.input(0)));
  if (c.needed(1)) c.SetGrad(1, SumLike(b, Neg(b, c.grad()), c.input(1)));
  return absl::OkStatus();
}));

const OpRegistration kMul(Binary("Mul", "x * y", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  for (int i = 0; i < 2; ++i) {
    if (c.needed(i)) c.SetGrad(i, SumLike(b, Mul(b, c.grad(), c.input(1 - i)), c.input(i)));
  }
  return absl::OkStatus();
}));

// d(x / y) = dx / y - (x / y) dy / y
const OpRegistration kDiv(Binary("Div", "x / y", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output dx = Div(b, c.grad(), c.input(1));
  if (c.needed(0)) c.SetGrad(0, SumLike(b, dx, c.input(0)));
  if (c.needed(1)) c.SetGrad(1, SumLike(b, Neg(b, Mul(b, dx, c.output(0))), c.input(1)));
  return absl::OkStatus();
}));

}  // namespace

Output Add(BuilderRef b, Output x, Output y) { return b.Add("Add", {x, y}); }
Output Sub(BuilderRef b, Output x, Output y) { return b.Add("Sub", {x, y}); }
Output Mul(BuilderRef b, Output x, Output y) { return b.Add("Mul", {x, y}); }
Output Div(BuilderRef b, Output x, Output y) { return b.Add("Div", {x, y}); }

}  // namespace viv
