// GruGates, the element-wise half of a GRU step: from a = x Wx, b = h Wh, the bias and h the new h
// and the gates r, z, n and q = b_n + bias_q. GruGatesGrad is its gradient, GruCell the step made
// of it.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/recurrent_shape.h"
#include "core/ops/rnn.h"

namespace viv {
namespace {

struct Gates {
  Output r, z, n, q;
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
  Output d, dh;
  if (c.has_grad(0)) {
    const std::vector<Output> grads =
        BuilderRef(b).AddMany("GruGatesGrad", {c.output(1), c.input(3), c.grad(0)}, {}, 2);
    d = grads[0];
    dh = grads[1];
  }
  if (c.has_grad(1)) {
    ASSIGN_OR_RETURN(const Gates y, Split(b, c.output(1)));
    ASSIGN_OR_RETURN(const Gates g, Split(b, c.grad(1)));
    const Output n = Mul(b, g.n, OfTanh(b, y.n));
    const Output r = Mul(b, Add(b, g.r, Mul(b, n, y.q)), OfSigmoid(b, y.r));
    const Output q = Add(b, g.q, Mul(b, n, y.r));
    const Output more = Concat(b, {r, Mul(b, g.z, OfSigmoid(b, y.z)), n, q}, 1);
    d = d.valid() ? Add(b, d, more) : more;
  }
  const int64_t units = c.input(3).shape().dim(1);
  if (units < 0) return absl::UnimplementedError("the number of units is unknown");
  if (c.needed(0)) c.SetGrad(0, SliceAxis(b, d, 1, 0, 3 * units));
  if (c.needed(1)) {
    c.SetGrad(
        1,
        Concat(b, {SliceAxis(b, d, 1, 0, 2 * units), SliceAxis(b, d, 1, 3 * units, 4 * units)}, 1));
  }
  if (c.needed(2)) c.SetGrad(2, Sum(b, d, {0}));
  c.SetGrad(3, dh);
  return absl::OkStatus();
}

// With g the gradient of the new h and e = g (1-z) (1-n^2):
//   d_r = e q r(1-r), d_z = g (h-n) z(1-z), d_n = e, d_q = e r, dh = g z
// and every line differentiated in every symbol.
absl::Status GatesGradGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  ASSIGN_OR_RETURN(const Gates y, Split(b, c.input(0)));
  const Output h = c.input(1), g = c.input(2);
  const auto mul = [&](Output s, Output t) { return Mul(b, s, t); };
  const auto twice = [&](Output s) { return Add(b, s, s); };
  const auto one_minus = [&](Output s) { return Sub(b, OnesLike(b, s), s); };
  const Output zeros = ZerosLike(b, c.input(0));
  ASSIGN_OR_RETURN(const Gates a, Split(b, c.has_grad(0) ? c.grad(0) : zeros));
  const Output p = c.has_grad(1) ? c.grad(1) : ZerosLike(b, h);
  const Output sr = OfSigmoid(b, y.r), sz = OfSigmoid(b, y.z), tn = OfTanh(b, y.n);
  const Output keep = one_minus(y.z), e = mul(g, mul(keep, tn)), gap = Sub(b, h, y.n);
  // The factor of e in the sum of all.
  const Output k = Add(b, mul(a.r, mul(y.q, sr)), Add(b, a.n, mul(a.q, y.r)));
  const Output r = mul(e, Add(b, mul(a.r, mul(y.q, one_minus(twice(y.r)))), a.q));
  const Output z = mul(g, Sub(b, Add(b, mul(a.z, mul(gap, one_minus(twice(y.z)))), p), mul(k, tn)));
  const Output dh = mul(a.z, mul(g, sz));
  const Output n = Neg(b, Add(b, mul(twice(y.n), mul(k, mul(g, keep))), dh));
  c.SetGrad(0, Concat(b, {r, z, n, mul(e, mul(a.r, sr))}, 1));
  c.SetGrad(1, dh);
  c.SetGrad(2, Add(b, mul(k, mul(keep, tn)), Add(b, mul(a.z, mul(gap, sz)), mul(p, y.z))));
  return absl::OkStatus();
}

const OpRegistration kGates({
    .name = "GruGates",
    .doc = "The new h and the gates of a GRU step from its two products.",
    .inputs = {{"a", "T"}, {"b", "T"}, {"bias", "T"}, {"h", "T"}},
    .outputs = {{"new_h", "T"}, {"gates", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 3, 2));
      const int64_t batch = c.input(3).dim(0), units = c.input(3).dim(1);
      for (const int i : {0, 1}) {
        RETURN_IF_ERROR(CheckInput(c, i, {batch, Times(3, units)}, "a product"));
      }
      RETURN_IF_ERROR(CheckInput(c, 2, {Times(4, units)}, "the bias"));
      c.set_output(0, {batch, units});
      c.set_output(1, {batch, Times(4, units)});
      return absl::OkStatus();
    },
    .gradient = GatesGradient,
});

const OpRegistration kGatesGrad({
    .name = "GruGatesGrad",
    .doc = "The gradients of GruGates: of the gates' arguments and, directly, of h.",
    .inputs = {{"gates", "T"}, {"h", "T"}, {"d_new_h", "T"}},
    .outputs = {{"d_gates", "T"}, {"d_h", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 1, 2));
      const int64_t batch = c.input(1).dim(0), units = c.input(1).dim(1);
      RETURN_IF_ERROR(CheckInput(c, 0, {batch, Times(4, units)}, "the gates"));
      RETURN_IF_ERROR(CheckInput(c, 2, {batch, units}, "the gradient"));
      c.set_output(0, {batch, Times(4, units)});
      c.set_output(1, {batch, units});
      return absl::OkStatus();
    },
    .gradient = GatesGradGradient,
});

}  // namespace

Output GruCell(BuilderRef b, Output x, Output h, const GruWeights& w) {
  const Output from_x = MatMul(b, x, w.input), from_h = MatMul(b, h, w.recurrent);
  return b.AddMany("GruGates", {from_x, from_h, w.bias, h}, {}, 2)[0];
}

}  // namespace viv
