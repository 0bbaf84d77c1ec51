// ArgMax and ArgMin along an axis: the first of equal elements; a NaN before all others.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/math.h"

namespace viv {
namespace {

absl::Status ArgShape(ShapeContext& c) {
  RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
  const PartialShape& x = c.input(0);
  if (!x.known_rank()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int axis, NormalizeAxis(c.attrs().Int("axis"), x.rank()));
  PartialShape y = PartialShape::Scalar();
  for (int i = 0; i < x.rank(); ++i) {
    if (i != axis) y.Append(x.dim(i));
    if (i == axis && c.attrs().Bool("keep_dims")) y.Append(1);
  }
  // No place is the best of none.
  if (x.dim(axis) == 0 && y.num_elements() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("axis ", axis, " of ", x.ToString(), " has no elements"));
  }
  c.set_output(0, y);
  return absl::OkStatus();
}

OpDef Arg(const char* name, const char* doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}},
          .outputs = {{"index", kInt64}},
          .attrs = {{"axis", AttrValue(-1)}, {"keep_dims", AttrValue(false)}},
          .types = {{"T", kNumberOrBool}},
          .shape = ArgShape,
          .gradient = NotDifferentiable()};
}
const OpRegistration kArgMax(Arg("ArgMax", "Where along an axis the greatest element is."));
const OpRegistration kArgMin(Arg("ArgMin", "Where along an axis the least element is."));

}  // namespace

Output ArgMax(BuilderRef b, Output x, int64_t axis, bool keep_dims) {
  return b.Add("ArgMax", {x}, {{"axis", axis}, {"keep_dims", keep_dims}});
}
Output ArgMin(BuilderRef b, Output x, int64_t axis, bool keep_dims) {
  return b.Add("ArgMin", {x}, {{"axis", axis}, {"keep_dims", keep_dims}});
}

}  // namespace viv
