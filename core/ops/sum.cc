// Sum and Mean over axes; SumTo, the inverse of broadcasting.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/reduction.h"

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

const OpRegistration kSum(Reduction("Sum", "The sum over axes.", kNumericTypes,
                                    [](GradientContext& c) {
                                      const GraphBuilder& b = c.builder();
                                      c.SetGrad(0, BroadcastTo(b, WithReducedAxes(c, c.grad()),
                                                               ShapeOf(b, c.input(0))));
                                      return absl::OkStatus();
                                    }));

}  // namespace

Output Sum(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return b.Add("Sum", {x}, {{"axes", axes}, {"keep_dims", keep_dims}});
}

Output Mean(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  const GraphBuilder at = b.builder().At(b.site());
  if (x.valid() && IsFloating(x.dtype()) && DTypeSize(x.dtype()) == 2) {
    // The sum may be beyond the type, the count lie between two of its numbers.
    return Cast(at, Mean(at, Cast(at, x, kFloat), axes, keep_dims), x.dtype());
  }
  const Output sum = Sum(at, x, axes, keep_dims);
  if (!sum.valid()) return sum;
  // Of no sums there are no counts either.
  const Output sums = Maximum(at, SizeOf(at, sum), Const(at, int64_t{1}));
  const Output count = Div(at, SizeOf(at, x), sums);
  return Div(at, sum, Cast(at, count, x.dtype()));
}

Output SumTo(BuilderRef b, Output x, Output shape) { return b.Add("SumTo", {x, shape}); }

Output SumLike(BuilderRef b, Output x, Output like) {
  if (!x.valid() || !like.valid()) return SumTo(b, x, like);
  const bool same = x.shape().fully_defined() && x.shape() == like.shape();
  return same ? x : SumTo(b, x, ShapeOf(b, like));
}

}  // namespace viv
