// Gather rows, and ScatterAdd, its transpose.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kGather({
    .name = "Gather",
    .doc = "Rows of x at indices.",
    .inputs = {{"x", "T"}, {"indices", "I"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
      if (!c.input(0).known_rank() || !c.input(1).known_rank()) return absl::OkStatus();
      PartialShape y = c.input(1);
      for (int i = 1; i < c.input(0).rank(); ++i) y.Append(c.input(0).dim(i));
      c.set_output(0, y);
      return absl::OkStatus();
    },
    .gradient = [](GradientContext& c) -> absl::Status {
      const GraphBuilder& b = c.builder();
      const PartialShape& x = c.input(0).shape();
      if (!x.known_rank()) return absl::UnimplementedError("the rank of x is unknown: declare it");
      // Counted where possible: -1 cannot be inferred from rows of no elements.
      std::vector<int64_t> rows = {c.input(1).shape().num_elements()};
      for (int i = 1; i < x.rank(); ++i) {
        if (x.dim(i) < 0) return absl::UnimplementedError("the extents of a row are unknown");
        rows.push_back(x.dim(i));
      }
      c.SetSparseGrad(0, Reshape(b, c.input(1), {-1}), Reshape(b, c.grad(), rows));
      return absl::OkStatus();
    },
});

const OpRegistration kScatterAdd({
    .name = "ScatterAdd",
    .doc = "Zeros with rows added at indices.",
    .inputs = {{"indices", "I"}, {"values", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .types = {{"T", {kFloat, kDouble}}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 0, 1));
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(2));
      c.set_output(0, shape);
      if (!shape.known_rank() || !c.input(1).known_rank()) return absl::OkStatus();
      if (shape.rank() < 1) return absl::InvalidArgumentError("the shape has no rows");
      PartialShape rows = shape;
      rows.set_dim(0, c.input(0).dim(0));
      return Annotate(rows.Merge(c.input(1)).status(), "values");
    },
    .gradient =
        [](GradientContext& c) {
          if (c.needed(1)) c.SetGrad(1, Gather(c.builder(), c.grad(), c.input(0)));
          return absl::OkStatus();
        },
});

}  // namespace

Output Gather(BuilderRef b, Output x, Output indices) { return b.Add("Gather", {x, indices}); }
Output ScatterAdd(BuilderRef b, Output indices, Output values, Output shape) {
  return b.Add("ScatterAdd", {indices, values, shape});
}

}  // namespace viv
