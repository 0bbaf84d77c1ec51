// Sum and Mean over axes; SumTo, the inverse of broadcasting.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// SumTo's gradient broadcasts back.
const OpRegistration kSumTo({
    .name = "SumTo",
    .doc = "Sums x down to a shape from which it could be broadcast.",
    .inputs = {{"x", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kNumericTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(1));
      ASSIGN_OR_RETURN(const PartialShape whole, BroadcastShapes(shape, c.input(0)));
      RETURN_IF_ERROR(whole.Merge(c.input(0)).status());
      c.set_output(0, shape);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BroadcastTo(c.builder(), c.grad(), ShapeOf(c.builder(), c.input(0))));
          return absl::OkStatus();
        },
});

absl::StatusOr<std::vector<bool>> ReducedAxes(const std::vector<int64_t>& axes, int rank) {
  std::vector<bool> reduced(rank, axes.empty());
  for (const int64_t axis : axes) {
    ASSIGN_OR_RETURN(const int i, NormalizeAxis(axis, rank));
    if (reduced[i]) return absl::InvalidArgumentError("an axis is given twice");
    reduced[i] = true;
  }
  return reduced;
}

absl::Status SumShape(ShapeContext& c) {
  const PartialShape& x = c.input(0);
  const std::vector<int64_t>& axes = c.attrs().Ints("axes");
  const bool keep = c.attrs().Bool("keep_dims");
  if (!x.known_rank()) {
    if (axes.empty() && !keep) c.set_output(0, PartialShape::Scalar());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<bool> reduced, ReducedAxes(axes, x.rank()));
  PartialShape y = PartialShape::Scalar();
  for (int i = 0; i < x.rank(); ++i) {
    if (!reduced[i]) y.Append(x.dim(i));
    if (reduced[i] && keep) y.Append(1);
  }
  c.set_output(0, y);
  return absl::OkStatus();
}

absl::Status SumGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  Output dy = c.grad();
  const Output x = c.input(0);
  const std::vector<int64_t>& axes = c.attrs().Ints("axes");
  if (!c.attrs().Bool("keep_dims") && !axes.empty()) {
    // The reduced extents as ones, by a second sum whose shape is all that counts.
    const Output kept = Sum(b, StopGradient(b, x), axes, true);
    dy = Reshape(b, dy, ShapeOf(b, kept));
  }
  c.SetGrad(0, BroadcastTo(b, dy, ShapeOf(b, x)));
  return absl::OkStatus();
}

const OpRegistration kSum({
    .name = "Sum",
    .doc = "The sum over axes.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axes", AttrValue(std::vector<int64_t>())}, {"keep_dims", AttrValue(false)}},
    .types = {{"T", kNumericTypes}},
    .shape = SumShape,
    .gradient = SumGradient,
});

}  // namespace

Output Sum(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return b.Add("Sum", {x}, {{"axes", axes}, {"keep_dims", keep_dims}});
}

Output Mean(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  const GraphBuilder at = b.builder().At(b.site());
  const Output sum = Sum(at, x, axes, keep_dims);
  if (!sum.valid()) return sum;
  const Output count = Div(at, SizeOf(at, x), SizeOf(at, sum));
  return Div(at, sum, Cast(at, count, x.dtype()));
}

Output SumTo(BuilderRef b, Output x, Output shape) { return b.Add("SumTo", {x, shape}); }

Output SumLike(BuilderRef b, Output x, Output like) {
  if (!x.valid() || !like.valid()) return SumTo(b, x, like);
  const bool same = x.shape().fully_defined() && x.shape() == like.shape();
  return same ? x : SumTo(b, x, ShapeOf(b, like));
}

}  // namespace viv
