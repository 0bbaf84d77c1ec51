// MatMul: z = op(x) op(y), where op may transpose. With dz given: dx = dz y^T, dy = x^T dz, and the
// like for transposed operands; summed over the dimensions along which an operand was broadcast.
//
// MixedMatMul is a MatMul of float or bfloat16 operands whose terms are multiplied in bfloat16 and
// added up in float. The precision pass makes it of a MatMul, after all gradients are built.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

absl::Status MatMulShape(ShapeContext& c) {
  RETURN_IF_ERROR(WithRankAtLeast(c, 0, 2));
  RETURN_IF_ERROR(WithRankAtLeast(c, 1, 2));
  const PartialShape& x = c.input(0);
  const PartialShape& y = c.input(1);
  if (!x.known_rank() || !y.known_rank()) return absl::OkStatus();
  const int rx = x.rank(), ry = y.rank();
  const int ta = c.attrs().Bool("transpose_a"), tb = c.attrs().Bool("transpose_b");
  const int64_t m = x.dim(rx - 2 + ta), k = x.dim(rx - 1 - ta);
  const int64_t k2 = y.dim(ry - 2 + tb), n = y.dim(ry - 1 - tb);
  if (k >= 0 && k2 >= 0 && k != k2) {
    return absl::InvalidArgumentError(absl::StrCat("inner extents ", k, " and ", k2, " of ",
                                                   x.ToString(), " and ", y.ToString(), " differ"));
  }
  ASSIGN_OR_RETURN(PartialShape z, BroadcastShapes(PartialShape(x.dims().subspan(0, rx - 2)),
                                                   PartialShape(y.dims().subspan(0, ry - 2))));
  z.Append(m);
  z.Append(n);
  c.set_output(0, z);
  return absl::OkStatus();
}

// A matrix y under a batch of x is one product of x's rows: its gradient too, without a sum over
// the batch. Invalid where that does not fit.
Output FlatGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), y = c.input(1);
  const int rank = x.shape().rank();
  if (c.attrs().Bool("transpose_a") || rank < 3 || y.shape().rank() != 2) return {};
  const int64_t k = x.shape().dim(rank - 1), n = c.grad().shape().dim(rank - 1);
  if (k <= 0 || n <= 0) return {};
  const Output rows = Reshape(b, x, {-1, k}), dz = Reshape(b, c.grad(), {-1, n});
  return c.attrs().Bool("transpose_b") ? MatMul(b, dz, rows, {.transpose_a = true})
                                       : MatMul(b, rows, dz, {.transpose_a = true});
}

absl::Status MatMulGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const bool ta = c.attrs().Bool("transpose_a"), tb = c.attrs().Bool("transpose_b");
  const Output x = c.input(0), y = c.input(1), dz = c.grad();
  // Of operands without a batch nothing is to be summed up.
  const auto like = [&](Output gradient, Output operand) {
    const bool plain = x.shape().rank() == 2 && y.shape().rank() == 2;
    return plain ? gradient : SumLike(b, gradient, operand);
  };
  if (c.needed(0)) {
    c.SetGrad(0, like(ta ? MatMul(b, y, dz, {.transpose_a = tb, .transpose_b = true})
                         : MatMul(b, dz, y, {.transpose_b = !tb}),
                      x));
  }
  if (!c.needed(1)) return absl::OkStatus();
  const Output flat = FlatGradient(c);
  if (flat.valid()) {
    c.SetGrad(1, flat);
  } else {
    c.SetGrad(1, like(tb ? MatMul(b, dz, x, {.transpose_a = true, .transpose_b = ta})
                         : MatMul(b, x, dz, {.transpose_a = !ta}),
                      y));
  }
  return absl::OkStatus();
}

const OpRegistration kMatMul({
    .name = "MatMul",
    .doc = "The products of matrices; the dimensions before the last two broadcast.",
    .inputs = {{"x", "T"}, {"y", "T"}},
    .outputs = {{"z", "T"}},
    .attrs = {{"transpose_a", AttrValue(false)}, {"transpose_b", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = MatMulShape,
    .gradient = MatMulGradient,
});

const OpRegistration kMixedMatMul({
    .name = "MixedMatMul",
    .doc = "The products of matrices, of terms in bfloat16.",
    .inputs = {{"x", "X"}, {"y", "Y"}},
    .outputs = {{"z", "dtype"}},
    .attrs = {{"transpose_a", AttrValue(false)},
              {"transpose_b", AttrValue(false)},
              {"dtype", AttrType::kType}},
    .types = {{"X", {kFloat, kBFloat16}},
              {"Y", {kFloat, kBFloat16}},
              {"dtype", {kFloat, kBFloat16}}},
    .shape = MatMulShape,
});

}  // namespace

Output MatMul(BuilderRef b, Output x, Output y, MatMulOptions options) {
  return b.Add("MatMul", {x, y},
               {{"transpose_a", options.transpose_a}, {"transpose_b", options.transpose_b}});
}

}  // namespace viv
