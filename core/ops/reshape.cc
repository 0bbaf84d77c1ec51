// Reshape: the same elements under another shape.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

absl::Status ReshapeShape(ShapeContext& c) {
  ASSIGN_OR_RETURN(PartialShape shape, c.ConstantAsShape(1));
  const int64_t elements = c.input(0).num_elements();
  // While the value is unknown, every -1 is an unknown extent; once known, one may be inferred.
  if (!c.missed_value() && shape.known_rank()) {
    int open = -1;
    int64_t known = 1;
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape.dim(i) >= 0) {
        known *= shape.dim(i);
      } else if (open >= 0) {
        return absl::InvalidArgumentError("more than one extent is -1");
      } else {
        open = i;
      }
    }
    if (elements >= 0) {
      if (open >= 0 && known > 0 && elements % known == 0) shape.set_dim(open, elements / known);
      if (open >= 0 && known == 0 && elements == 0) shape.set_dim(open, 0);
      if (shape.num_elements() != elements) {
        return absl::InvalidArgumentError(
            absl::StrCat("cannot give ", c.input(0).ToString(), " the shape ", shape.ToString()));
      }
    }
  }
  c.set_output(0, shape);
  return absl::OkStatus();
}

const OpRegistration kReshape({
    .name = "Reshape",
    .doc = "x under another shape.",
    .inputs = {{"x", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = ReshapeShape,
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, Reshape(c.builder(), c.grad(), ShapeOf(c.builder(), c.input(0))));
          return absl::OkStatus();
        },
});

}  // namespace

Output Reshape(BuilderRef b, Output x, Output shape) { return b.Add("Reshape", {x, shape}); }
Output Reshape(BuilderRef b, Output x, const std::vector<int64_t>& shape) {
  return Reshape(b, x, Const(b, Tensor::Vector<int64_t>(shape)));
}

}  // namespace viv
