// LayerNorm over the last axis: n = (x - mean) r with r = 1 / sqrt(variance + epsilon), and
// y = n scale + bias. J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
//
// LayerNormGrad takes the mean and r as inputs of its own. With a = dy scale and m() the row's
// mean:
//   dx = r (a - m(a) - n m(a n)),   d scale = sum over rows of dy n,   d bias = of dy.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

struct Shapes {
  PartialShape x, row, rows;  // [..., D], [D], [...]
};
absl::StatusOr<Shapes> ShapesOf(ShapeContext& c) {
  RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
  Shapes s;
  s.row = PartialShape{-1};
  if (!c.input(0).known_rank()) return s;
  s.x = c.input(0);
  s.row = PartialShape{s.x.dim(s.x.rank() - 1)};
  s.rows = PartialShape(s.x.dims().subspan(0, s.x.rank() - 1));
  RETURN_IF_ERROR(Annotate(s.row.Merge(c.input(1)).status(), "the scale"));
  return s;
}

// x [...] as [..., 1].
Output Column(const GraphBuilder& b, Output x) {
  return Reshape(b, x, Concat(b, {ShapeOf(b, x), Const(b, Tensor::Vector<int64_t>({1}))}, 0));
}
std::vector<int64_t> LeadingAxes(const PartialShape& x) {
  std::vector<int64_t> axes;
  for (int i = 0; i + 1 < x.rank(); ++i) axes.push_back(i);
  return axes;
}

absl::Status LayerNormGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), mean = c.output(1), r = c.output(2);
  Output dx;
  const auto add = [&](Output part) { dx = dx.valid() ? Add(b, dx, part) : part; };
  if (c.has_grad(0)) {
    const std::vector<Output> grads =
        BuilderRef(b).AddMany("LayerNormGrad", {x, c.input(1), mean, r, c.grad(0)}, {}, 3);
    add(grads[0]);
    c.SetGrad(1, grads[1]);
    c.SetGrad(2, grads[2]);
  }
  // d mean / dx = 1 / D and d r / dx = -r^3 (x - mean) / D.
  const Output width = Cast(b, SizeOf(b, c.input(1)), x.dtype());
  if (c.has_grad(1)) {
    add(BroadcastTo(b, Div(b, Column(b, c.grad(1)), width), ShapeOf(b, x)));
  }
  if (c.has_grad(2)) {
    const Output cube = Mul(b, r, Square(b, r));
    add(Mul(b, Sub(b, Column(b, mean), x), Div(b, Column(b, Mul(b, c.grad(2), cube)), width)));
  }
  c.SetGrad(0, dx);
  return absl::OkStatus();
}

// With the gradients u of dx, p of d scale and q of d bias.
absl::Status LayerNormGradGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), scale = c.input(1), dy = c.input(4);
  const Output r = Column(b, c.input(3)), centred = Sub(b, x, Column(b, c.input(2)));
  const Output n = Mul(b, centred, r), a = Mul(b, dy, scale);
  const std::vector<int64_t> rows = LeadingAxes(x.shape());
  if (!x.shape().known_rank()) return absl::UnimplementedError("the rank of x is unknown");
  const auto grad = [&](int i) { return c.has_grad(i) ? c.grad(i) : ZerosLike(b, c.output(i)); };
  const Output u = grad(0), p = grad(1), q = grad(2);
  const auto mul = [&](Output s, Output t) { return Mul(b, s, t); };
  const Output width = Cast(b, SizeOf(b, scale), x.dtype());
  const auto mean = [&](Output v) { return Div(b, Sum(b, v, {-1}, true), width); };
  // The row operator that makes dx of a, applied to v.
  const auto project = [&](Output v) {
    return Sub(b, Sub(b, v, mean(v)), mul(n, mean(mul(v, n))));
  };
  const Output da = mul(r, project(u));
  const Output crossed = Add(b, mul(u, mean(mul(a, n))), mul(a, mean(mul(u, n))));
  const Output dn = Sub(b, mul(p, dy), mul(r, crossed));
  const Output dx = mul(dn, r);
  c.SetGrad(0, dx);
  c.SetGrad(1, rows.empty() ? mul(da, dy) : Sum(b, mul(da, dy), rows));
  c.SetGrad(2, Neg(b, Sum(b, dx, {-1})));
  c.SetGrad(3, Sum(b, Add(b, mul(u, project(a)), mul(dn, centred)), {-1}));
  c.SetGrad(4, Add(b, mul(da, scale), Add(b, mul(p, n), q)));
  return absl::OkStatus();
}

const OpRegistration kLayerNorm({
    .name = "LayerNorm",
    .doc = "Rows with mean 0 and variance 1, scaled and shifted; their old mean and 1 / deviation.",
    .inputs = {{"x", "T"}, {"scale", "T"}, {"bias", "T"}},
    .outputs = {{"y", "T"}, {"mean", "T"}, {"inverse", "T"}},
    .attrs = {{"epsilon", AttrValue(1e-5)}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const Shapes s, ShapesOf(c));
      RETURN_IF_ERROR(Annotate(s.row.Merge(c.input(2)).status(), "the bias"));
      c.set_output(0, s.x);
      for (const int i : {1, 2}) c.set_output(i, s.rows);
      const double e = c.attrs().Float("epsilon");
      if (e >= 0) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat("epsilon is ", e, ", below 0"));
    },
    .gradient = LayerNormGradient,
});

const OpRegistration kLayerNormGrad({
    .name = "LayerNormGrad",
    .doc = "The gradients of LayerNorm in x, scale and bias.",
    .inputs = {{"x", "T"}, {"scale", "T"}, {"mean", "T"}, {"inverse", "T"}, {"dy", "T"}},
    .outputs = {{"dx", "T"}, {"d_scale", "T"}, {"d_bias", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const Shapes s, ShapesOf(c));
      for (const int i : {2, 3}) RETURN_IF_ERROR(s.rows.Merge(c.input(i)).status());
      RETURN_IF_ERROR(Annotate(s.x.Merge(c.input(4)).status(), "dy"));
      c.set_output(0, s.x);
      for (const int i : {1, 2}) c.set_output(i, s.row);
      return absl::OkStatus();
    },
    .gradient = LayerNormGradGradient,
});

}  // namespace

Output LayerNorm(BuilderRef b, Output x, Output scale, Output bias, float epsilon) {
  return b.Add("LayerNorm", {x, scale, bias}, {{"epsilon", epsilon}});
}

}  // namespace viv
