// GatherNd: parts of x at tuples of indices, and ScatterNd, its transpose.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// The shape of GatherNd(x, indices).
absl::StatusOr<PartialShape> Gathered(const PartialShape& x, const PartialShape& indices) {
  if (indices.known_rank() && indices.rank() == 0) {
    return absl::InvalidArgumentError("the indices are a scalar, not [..., k]");
  }
  if (!x.known_rank() || !indices.known_rank()) return PartialShape();
  const int64_t depth = indices.dim(indices.rank() - 1);
  if (depth < 0) return PartialShape();
  if (depth > x.rank()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tuples of ", depth, " indices into ", x.ToString(), " of rank ", x.rank()));
  }
  PartialShape y(indices.dims().subspan(0, indices.rank() - 1));
  for (int i = static_cast<int>(depth); i < x.rank(); ++i) y.Append(x.dim(i));
  return y;
}

const OpRegistration kGatherNd({
    .name = "GatherNd",
    .doc = "Parts of x at tuples of indices.",
    .inputs = {{"x", "T"}, {"indices", "I"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, Gathered(c.input(0), c.input(1)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(0, ScatterNd(b, c.input(1), c.grad(), ShapeOf(b, c.input(0))));
          return absl::OkStatus();
        },
});

const OpRegistration kScatterNd({
    .name = "ScatterNd",
    .doc = "Zeros with values added at tuples of indices.",
    .inputs = {{"indices", "I"}, {"values", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kNumericTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(2));
      c.set_output(0, shape);
      ASSIGN_OR_RETURN(const PartialShape values, Gathered(shape, c.input(0)));
      return Annotate(values.Merge(c.input(1)).status(), "values");
    },
    .gradient =
        [](GradientContext& c) {
          if (c.needed(1)) c.SetGrad(1, GatherNd(c.builder(), c.grad(), c.input(0)));
          return absl::OkStatus();
        },
});

}  // namespace

Output GatherNd(BuilderRef b, Output x, Output indices) { return b.Add("GatherNd", {x, indices}); }
Output ScatterNd(BuilderRef b, Output indices, Output values, Output shape) {
  return b.Add("ScatterNd", {indices, values, shape});
}

}  // namespace viv
