// Element-wise functions of one argument. Each gradient is written with the output y where that is
// cheaper than with the input x.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// `derivative` builds dL/dx from dL/dy.
OpDef Unary(const char* name, const char* doc, Output (*derivative)(GradientContext&),
            const std::vector<DType>& types = kFloatingTypes) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}},
          .outputs = {{"y", "T"}},
          .types = {{"T", types}},
          .shape = UnchangedShape,
          .gradient = [derivative](GradientContext& c) {
            c.SetGrad(0, derivative(c));
            return absl::OkStatus();
          }};
}

Output One(GradientContext& c) { return ScalarLike(c.builder(), 1.0, c.grad().dtype()); }
Output Two(GradientContext& c) { return ScalarLike(c.builder(), 2.0, c.grad().dtype()); }

const OpRegistration kNeg(Unary(
    "Neg", "-x", [](GradientContext& c) { return Neg(c.builder(), c.grad()); }, kNumericTypes));
const OpRegistration kAbs(Unary(
    "Abs", "|x|",
    [](GradientContext& c) { return Mul(c.builder(), c.grad(), Sign(c.builder(), c.input(0))); },
    kNumericTypes));
const OpRegistration kExp(Unary("Exp", "e^x", [](GradientContext& c) {
  return Mul(c.builder(), c.grad(), c.output(0));
}));
const OpRegistration kLog(Unary("Log", "the natural logarithm", [](GradientContext& c) {
  return Div(c.builder(), c.grad(), c.input(0));
}));
const OpRegistration kSqrt(Unary("Sqrt", "the square root", [](GradientContext& c) {
  return Div(c.builder(), c.grad(), Mul(c.builder(), Two(c), c.output(0)));
}));
const OpRegistration kSquare(Unary(
    "Square", "x * x",
    [](GradientContext& c) {
      return Mul(c.builder(), c.grad(), Mul(c.builder(), Two(c), c.input(0)));
    },
    kNumericTypes));
const OpRegistration kExpm1(Unary("Expm1", "e^x - 1, precise near 0", [](GradientContext& c) {
  return Mul(c.builder(), c.grad(), Add(c.builder(), c.output(0), One(c)));
}));
const OpRegistration kLog1p(Unary("Log1p", "log(1 + x), precise near 0", [](GradientContext& c) {
  return Div(c.builder(), c.grad(), Add(c.builder(), c.input(0), One(c)));
}));
const OpRegistration kSoftplus(Unary("Softplus", "log(1 + e^x)", [](GradientContext& c) {
  return Mul(c.builder(), c.grad(), Sigmoid(c.builder(), c.input(0)));
}));
// 2 / sqrt(pi) e^(-x^2)
const OpRegistration kErf(Unary("Erf", "the error function", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output scale = ScalarLike(b, 1.1283791670955126, c.grad().dtype());
  return Mul(b, c.grad(), Mul(b, scale, Exp(b, Neg(b, Square(b, c.input(0))))));
}));
const OpRegistration kSin(Unary("Sin", "the sine", [](GradientContext& c) {
  return Mul(c.builder(), c.grad(), Cos(c.builder(), c.input(0)));
}));
const OpRegistration kCos(Unary("Cos", "the cosine", [](GradientContext& c) {
  return Neg(c.builder(), Mul(c.builder(), c.grad(), Sin(c.builder(), c.input(0))));
}));
const OpRegistration kTanh(Unary("Tanh", "the hyperbolic tangent", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  return Mul(b, c.grad(), Sub(b, One(c), Square(b, c.output(0))));
}));
const OpRegistration kSigmoid(Unary("Sigmoid", "1 / (1 + e^-x)", [](GradientContext& c) {
  const GraphBuilder& b = c.builder();
  return Mul(b, c.grad(), Mul(b, c.output(0), Sub(b, One(c), c.output(0))));
}));
const OpRegistration kRelu(Unary("Relu", "max(x, 0)", [](GradientContext& c) {
  return BuilderRef(c.builder()).Add("ReluGrad", {c.output(0), c.grad()});
}));

// Where y > 0: dy, else 0; linear in dy.
const OpRegistration kReluGrad({
    .name = "ReluGrad",
    .doc = "dy where y > 0, else 0.",
    .inputs = {{"y", "T"}, {"dy", "T"}},
    .outputs = {{"dx", "T"}},
    .types = {{"T", kFloatingTypes}},
    .shape =
        [](ShapeContext& c) {
          absl::StatusOr<PartialShape> shape = c.input(0).Merge(c.input(1));
          if (shape.ok()) c.set_output(0, *shape);
          return shape.status();
        },
    .gradient =
        [](GradientContext& c) {
          if (c.needed(1)) {
            c.SetGrad(1, BuilderRef(c.builder()).Add("ReluGrad", {c.input(0), c.grad()}));
          }
          return absl::OkStatus();
        },
});

// Constant between its jumps.
OpDef Steps(const char* name, const char* doc, const std::vector<DType>& types = kFloatingTypes) {
  OpDef def = Unary(name, doc, nullptr, types);
  def.gradient = NotDifferentiable();
  return def;
}
const OpRegistration kSign(Steps("Sign", "1, 0 or -1", kNumericTypes));
const OpRegistration kFloor(Steps("Floor", "the next integer below"));
const OpRegistration kCeil(Steps("Ceil", "the next integer above"));
const OpRegistration kRound(Steps("Round", "the nearest integer, halves to the even one"));

}  // namespace

Output Neg(BuilderRef b, Output x) { return b.Add("Neg", {x}); }
Output Exp(BuilderRef b, Output x) { return b.Add("Exp", {x}); }
Output Log(BuilderRef b, Output x) { return b.Add("Log", {x}); }
Output Sqrt(BuilderRef b, Output x) { return b.Add("Sqrt", {x}); }
Output Square(BuilderRef b, Output x) { return b.Add("Square", {x}); }
Output Tanh(BuilderRef b, Output x) { return b.Add("Tanh", {x}); }
Output Sigmoid(BuilderRef b, Output x) { return b.Add("Sigmoid", {x}); }
Output Relu(BuilderRef b, Output x) { return b.Add("Relu", {x}); }
Output Abs(BuilderRef b, Output x) { return b.Add("Abs", {x}); }
Output Sign(BuilderRef b, Output x) { return b.Add("Sign", {x}); }
Output Floor(BuilderRef b, Output x) { return b.Add("Floor", {x}); }
Output Ceil(BuilderRef b, Output x) { return b.Add("Ceil", {x}); }
Output Round(BuilderRef b, Output x) { return b.Add("Round", {x}); }
Output Expm1(BuilderRef b, Output x) { return b.Add("Expm1", {x}); }
Output Log1p(BuilderRef b, Output x) { return b.Add("Log1p", {x}); }
Output Erf(BuilderRef b, Output x) { return b.Add("Erf", {x}); }
Output Sin(BuilderRef b, Output x) { return b.Add("Sin", {x}); }
Output Cos(BuilderRef b, Output x) { return b.Add("Cos", {x}); }
Output Softplus(BuilderRef b, Output x) { return b.Add("Softplus", {x}); }

}  // namespace viv
