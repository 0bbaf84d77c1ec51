// LstmGates, the element-wise half of an LSTM step: z = a + b + bias, the activated gates of z, the
// new cell and h. LstmGatesGrad is its gradient, LstmCell the step made of it.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/recurrent_shape.h"
#include "core/ops/rnn.h"

namespace viv {
namespace {

struct CellShapes {
  PartialShape cell, gates;  // [B, H], [B, 4H]
};
// From the input that holds the cells.
absl::StatusOr<CellShapes> CellShapesOf(ShapeContext& c, int input) {
  RETURN_IF_ERROR(WithRank(c, input, 2));
  const int64_t batch = c.input(input).dim(0), hidden = c.input(input).dim(1);
  return CellShapes{{batch, hidden}, {batch, Times(4, hidden)}};
}

struct Gates {
  Output i, f, g, o;
};
absl::StatusOr<Gates> Split(const GraphBuilder& b, Output gates) {
  const int64_t h = gates.shape().dim(1) / 4;
  if (gates.shape().dim(1) < 0) return absl::UnimplementedError("the number of units is unknown");
  const auto part = [&](int64_t k) { return SliceAxis(b, gates, 1, k * h, (k + 1) * h); };
  return Gates{part(0), part(1), part(2), part(3)};
}
// s (1 - s) and 1 - t^2, the derivatives of the activations in their values.
Output OfSigmoid(const GraphBuilder& b, Output s) { return Mul(b, s, Sub(b, OnesLike(b, s), s)); }
Output OfTanh(const GraphBuilder& b, Output t) { return Sub(b, OnesLike(b, t), Square(b, t)); }

absl::Status GatesGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  Output dz, dc;
  if (c.has_grad(0) || c.has_grad(1)) {
    const Output gh = c.has_grad(0) ? c.grad(0) : ZerosLike(b, c.output(0));
    const Output gc = c.has_grad(1) ? c.grad(1) : ZerosLike(b, c.output(1));
    const std::vector<Output> grads = BuilderRef(b).AddMany(
        "LstmGatesGrad", {c.output(2), c.input(3), c.output(1), gh, gc}, {}, 2);
    dz = grads[0];
    dc = grads[1];
  }
  if (c.has_grad(2)) {
    ASSIGN_OR_RETURN(const Gates y, Split(b, c.output(2)));
    const Output slope =
        Concat(b, {OfSigmoid(b, y.i), OfSigmoid(b, y.f), OfTanh(b, y.g), OfSigmoid(b, y.o)}, 1);
    const Output more = Mul(b, c.grad(2), slope);
    dz = dz.valid() ? Add(b, dz, more) : more;
  }
  c.SetGrad(0, dz);
  c.SetGrad(1, dz);
  if (c.needed(2)) c.SetGrad(2, Sum(b, dz, {0}));
  c.SetGrad(3, dc);
  return absl::OkStatus();
}

// With t = tanh(c) and s = dc + dh o (1 - t^2):
//   dz_i = s g i(1-i), dz_f = s c0 f(1-f), dz_g = s i (1-g^2), dz_o = dh t o(1-o), dc0 = s f
// and every line differentiated in every symbol.
absl::Status GatesGradGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  ASSIGN_OR_RETURN(const Gates y, Split(b, c.input(0)));
  const Output c0 = c.input(1), dh = c.input(3);
  const auto mul = [&](Output x, Output z) { return Mul(b, x, z); };
  const auto times = [&](double k, Output x) { return Mul(b, x, ScalarLike(b, k, x.dtype())); };
  const Output t = Tanh(b, c.input(2)), slope_t = OfTanh(b, t);
  const Output s = Add(b, c.input(4), mul(mul(dh, y.o), slope_t));
  const Output si = OfSigmoid(b, y.i), sf = OfSigmoid(b, y.f), so = OfSigmoid(b, y.o);
  const Output tg = OfTanh(b, y.g);
  const auto one_minus_twice = [&](Output x) { return Sub(b, OnesLike(b, x), times(2, x)); };
  const Output zeros = ZerosLike(b, c.input(0));
  ASSIGN_OR_RETURN(const Gates z, Split(b, c.has_grad(0) ? c.grad(0) : zeros));
  const Output p = c.has_grad(1) ? c.grad(1) : ZerosLike(b, c0);
  const Output ds = Add(b, Add(b, mul(z.i, mul(y.g, si)), mul(z.f, mul(c0, sf))),
                        Add(b, mul(z.g, mul(y.i, tg)), mul(p, y.f)));
  const Output i = Add(b, mul(z.i, mul(y.g, one_minus_twice(y.i))), mul(z.g, tg));
  const Output f = Add(b, mul(z.f, mul(c0, one_minus_twice(y.f))), p);
  const Output g = Sub(b, mul(z.i, si), times(2, mul(z.g, mul(y.i, y.g))));
  const Output o =
      Add(b, mul(ds, mul(dh, slope_t)), mul(z.o, mul(mul(dh, t), one_minus_twice(y.o))));
  c.SetGrad(0, Concat(b, {mul(s, i), mul(s, f), mul(s, g), o}, 1));
  c.SetGrad(1, mul(s, mul(z.f, sf)));
  const Output dt = mul(dh, Sub(b, mul(z.o, so), times(2, mul(ds, mul(y.o, t)))));
  c.SetGrad(2, mul(dt, slope_t));
  c.SetGrad(3, Add(b, mul(ds, mul(y.o, slope_t)), mul(z.o, mul(t, so))));
  c.SetGrad(4, ds);
  return absl::OkStatus();
}

const OpRegistration kGates({
    .name = "LstmGates",
    .doc = "Gates, cell and h of an LSTM step from its pre-activations a + b + bias.",
    .inputs = {{"a", "T"}, {"b", "T"}, {"bias", "T"}, {"c", "T"}},
    .outputs = {{"h", "T"}, {"new_c", "T"}, {"gates", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const CellShapes s, CellShapesOf(c, 3));
      for (const int i : {0, 1}) RETURN_IF_ERROR(CheckInput(c, i, s.gates, "a product"));
      RETURN_IF_ERROR(CheckInput(c, 2, {s.gates.dim(1)}, "the bias"));
      for (const int i : {0, 1}) c.set_output(i, s.cell);
      c.set_output(2, s.gates);
      return absl::OkStatus();
    },
    .gradient = GatesGradient,
});

const OpRegistration kGatesGrad({
    .name = "LstmGatesGrad",
    .doc = "The gradients of LstmGates: of the pre-activations and the old cell.",
    .inputs = {{"gates", "T"}, {"c", "T"}, {"new_c", "T"}, {"d_h", "T"}, {"d_new_c", "T"}},
    .outputs = {{"d_z", "T"}, {"d_c", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const CellShapes s, CellShapesOf(c, 1));
      RETURN_IF_ERROR(CheckInput(c, 0, s.gates, "the gates"));
      for (const int i : {2, 3, 4}) RETURN_IF_ERROR(CheckInput(c, i, s.cell, "a cell"));
      c.set_output(0, s.gates);
      c.set_output(1, s.cell);
      return absl::OkStatus();
    },
    .gradient = GatesGradGradient,
});

}  // namespace

LstmState LstmCellOfProducts(BuilderRef b, Output first, Output second, Output bias, Output c) {
  const std::vector<Output> y = b.AddMany("LstmGates", {first, second, bias, c}, {}, 3);
  return {y[0], y[1]};
}

LstmState LstmCell(BuilderRef b, Output x, LstmState state, const LstmWeights& w) {
  const Output from_x = MatMul(b, x, w.input), from_h = MatMul(b, state.h, w.recurrent);
  return LstmCellOfProducts(b, from_x, from_h, w.bias, state.c);
}

}  // namespace viv
