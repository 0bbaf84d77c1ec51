// OfShape: y = x, which must have the shape of another tensor. dx = dy.
#include "absl/strings/str_cat.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

absl::Status OfShapeShape(ShapeContext& c) {
  absl::StatusOr<PartialShape> shape = c.input(0).Merge(c.input(1));
  if (!shape.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the shape is ", c.input(0).ToString(), ", not ", c.input(1).ToString()));
  }
  c.set_output(0, *std::move(shape));
  return absl::OkStatus();
}

const OpRegistration kOfShape({
    .name = "OfShape",
    .doc = "The input itself, checked to have the shape of another one.",
    .inputs = {{"x", "T"}, {"like", "any"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = OfShapeShape,
    .gradient = UnchangedGradient,
});

}  // namespace

Output OfShape(BuilderRef b, Output x, Output like) { return b.Add("OfShape", {x, like}); }

}  // namespace viv
