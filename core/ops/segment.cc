// SegmentSum, SegmentMean, SegmentMax: rows reduced by group, as scatters and gathers.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/shape_vector.h"

namespace viv {
namespace {

const OpRegistration kSegmentArgMax({
    .name = "SegmentArgMax",
    .doc = "For each segment and column the row with the greatest element; -1: there is none.",
    .inputs = {{"x", "T"}, {"segments", "I"}},
    .outputs = {{"rows", kInt64}},
    .attrs = {{"count", AttrType::kInt}},
    .types = {{"T", kNumericTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
      RETURN_IF_ERROR(WithRank(c, 1, 1));
      const int64_t count = c.attrs().Int("count");
      RETURN_IF_ERROR(Annotate(Shape::Checked({count}).status(), "count"));
      if (!c.input(0).known_rank()) return absl::OkStatus();
      PartialShape y = c.input(0);
      RETURN_IF_ERROR(Annotate(PartialShape({y.dim(0)}).Merge(c.input(1)).status(), "segments"));
      y.set_dim(0, count);
      c.set_output(0, y);
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
});

}  // namespace

Output SegmentSum(BuilderRef b, Output x, Output segments, int64_t count) {
  if (!x.valid()) return {};
  if (x.shape().rank() < 1) {
    b.SetError(absl::InvalidArgumentError(
        absl::StrCat("SegmentSum: ", x.shape().ToString(), " has no rows of known rank")));
    return {};
  }
  ShapeVector shape = {count};
  for (int i = 1; i < x.shape().rank(); ++i) shape.push_back(Extent(x, i));
  return ScatterAdd(b, segments, x, ShapeOutput(b, shape));
}

Output SegmentMean(BuilderRef b, Output x, Output segments, int64_t count) {
  const Output sum = SegmentSum(b, x, segments, count);
  if (!sum.valid() || !segments.valid()) return {};
  const Output ones = BroadcastTo(b, ScalarLike(b, 1, x.dtype()), ShapeOf(b, segments));
  const Output one = ScalarLike(b, 1, x.dtype());
  // An empty segment is divided by 1: max(n, 1) = 1 + relu(n - 1).
  Output size = SegmentSum(b, ones, segments, count);
  size = Add(b, one, Relu(b, Sub(b, size, one)));
  std::vector<int64_t> column(x.shape().rank(), 1);
  column[0] = count;
  return Div(b, sum, Reshape(b, size, column));
}

Output SegmentMax(BuilderRef b, Output x, Output segments, int64_t count) {
  const Output rows = b.Add("SegmentArgMax", {x, segments}, {{"count", count}});
  return GatherElements(b, x, rows, 0);
}

}  // namespace viv
