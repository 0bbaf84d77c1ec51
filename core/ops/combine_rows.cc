// CombineRows: the rows of a sparse gradient, each one once. Rows of one index are summed in their
// order at its first place; the other places get zeros and the index -1, which stands for no row.
// So shapes do not depend on values, and the norm of the values is that of the dense gradient.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/optimizer.h"

namespace viv {
namespace {

const OpRegistration kCombineRows({
    .name = "CombineRows",
    .doc = "Sums the values of repeated rows of a tensor of the given shape.",
    .inputs = {{"indices", "I"},
               {"values", kFloat},
               {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"rows", "I"}, {"sums", kFloat}},
    .types = {{"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 0, 1));
      RETURN_IF_ERROR(WithRankAtLeast(c, 1, 1));
      ASSIGN_OR_RETURN(PartialShape rows, c.ConstantAsShape(2));
      if (rows.known_rank()) {
        if (rows.rank() == 0) return absl::InvalidArgumentError("a scalar has no rows");
        rows.set_dim(0, c.input(0).known_rank() ? c.input(0).dim(0) : -1);
      }
      const absl::StatusOr<PartialShape> values = rows.Merge(c.input(1));
      if (!values.ok()) return Annotate(values.status(), "values");
      c.set_output(0, c.input(0).known_rank() ? c.input(0) : PartialShape({-1}));
      c.set_output(1, *values);
      return absl::OkStatus();
    },
});

}  // namespace

Gradient CombineRows(BuilderRef b, const Gradient& gradient, Output shape) {
  Node* node = b.AddNode("CombineRows", {gradient.indices, gradient.values, shape});
  if (node == nullptr) return {};
  return {.indices = node->out(0), .values = node->out(1)};
}

}  // namespace viv
