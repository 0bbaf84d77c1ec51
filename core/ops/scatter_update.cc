// ScatterUpdate: x with some rows replaced.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// The replaced rows of x have no influence: their gradient is replaced by zeros.
absl::Status Gradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  if (c.needed(0)) {
    c.SetGrad(0, ScatterUpdate(b, c.grad(), c.input(1), ZerosLike(b, c.input(2))));
  }
  if (c.needed(2)) c.SetGrad(2, Gather(b, c.grad(), c.input(1)));
  return absl::OkStatus();
}

const OpRegistration kScatterUpdate({
    .name = "ScatterUpdate",
    .doc = "x with rows replaced.",
    .inputs = {{"x", "T"}, {"indices", "I"}, {"values", "T"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
      RETURN_IF_ERROR(WithRank(c, 1, 1));
      c.set_output(0, c.input(0));
      if (!c.input(0).known_rank()) return absl::OkStatus();
      PartialShape rows = c.input(0);
      rows.set_dim(0, c.input(1).dim(0));
      return Annotate(rows.Merge(c.input(2)).status(), "values");
    },
    .gradient = Gradient,
});

}  // namespace

Output ScatterUpdate(BuilderRef b, Output x, Output indices, Output values) {
  return b.Add("ScatterUpdate", {x, indices, values});
}

}  // namespace viv
