// Unique: distinct elements, by where each of them comes first. The values are gathered, which is
// where their gradient comes from.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/find.h"

namespace viv {
namespace {

const OpRegistration kUnique({
    .name = "Unique",
    .doc = "Where each distinct element comes first, which of them each element is, their counts.",
    .inputs = {{"x", "T"}},
    .outputs = {{"first", kInt64}, {"inverse", kInt64}, {"counts", kInt64}},
    .types = {{"T", kAllTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 0, 1));
      c.set_output(0, PartialShape::OfRank(1));
      c.set_output(1, PartialShape({c.input(0).dim(0)}));
      c.set_output(2, PartialShape::OfRank(1));
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
    .dynamic_output = true,
});

}  // namespace

UniqueResult Unique(BuilderRef b, Output x) {
  const std::vector<Output> found = b.AddMany("Unique", {x}, {}, 3);
  return {Gather(b, x, found[0]), found[1], found[2]};
}

}  // namespace viv
