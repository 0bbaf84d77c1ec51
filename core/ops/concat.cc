// Concat joins tensors along an axis; SliceAxis takes a range along one, which must lie inside.
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/shape_vector.h"

namespace viv {
namespace {

absl::Status ConcatShape(ShapeContext& c) {
  if (c.num_inputs() == 0) return absl::InvalidArgumentError("needs at least one input");
  PartialShape joined;
  int64_t extent = 0;
  int axis = -1;
  for (const PartialShape& input : c.inputs()) {
    if (!input.known_rank()) return absl::OkStatus();
    ASSIGN_OR_RETURN(axis, NormalizeAxis(c.attrs().Int("axis"), input.rank()));
    PartialShape others = input;
    others.set_dim(axis, PartialShape::kUnknown);
    ASSIGN_OR_RETURN(joined, joined.Merge(others));
    extent = extent < 0 || input.dim(axis) < 0 ? -1 : extent + input.dim(axis);
  }
  joined.set_dim(axis, extent);
  c.set_output(0, joined);
  return absl::OkStatus();
}

absl::Status ConcatGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const int64_t axis = c.attrs().Int("axis");
  ShapeVector sizes;
  bool known = true;
  for (int i = 0; i < c.num_inputs(); ++i) {
    const PartialShape& shape = c.input(i).shape();
    if (!shape.known_rank()) {
      return absl::UnimplementedError(absl::StrCat("the rank of input ", i, " is unknown"));
    }
    ASSIGN_OR_RETURN(const int k, NormalizeAxis(axis, shape.rank()));
    sizes.push_back(Extent(c.input(i), k));
    known = known && shape.dim(k) >= 0;
  }
  if (!known) {
    const int parts = c.num_inputs();
    const std::vector<Output> split = BuilderRef(b).AddMany(
        "Split", {c.grad(), ShapeOutput(b, sizes)}, {{"axis", axis}, {"parts", parts}}, parts);
    for (int i = 0; i < parts; ++i) {
      if (c.needed(i)) c.SetGrad(i, split[i]);
    }
    return absl::OkStatus();
  }
  int64_t begin = 0;
  for (int i = 0; i < c.num_inputs(); ++i) {
    const int64_t end = begin + sizes[i].value();
    if (c.needed(i)) c.SetGrad(i, SliceAxis(b, c.grad(), axis, begin, end));
    begin = end;
  }
  return absl::OkStatus();
}

const OpRegistration kConcat({
    .name = "Concat",
    .doc = "Joins tensors along an axis.",
    .inputs = {{.name = "values", .type = "T", .arity = Arity::kMany}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axis", AttrType::kInt}},
    .types = {{"T", kAllTypes}},
    .shape = ConcatShape,
    .gradient = ConcatGradient,
});

absl::Status SliceShape(ShapeContext& c) {
  const PartialShape& x = c.input(0);
  if (!x.known_rank()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int axis, NormalizeAxis(c.attrs().Int("axis"), x.rank()));
  const int64_t begin = c.attrs().Int("begin"), end = c.attrs().Int("end");
  if (begin < 0 || end < begin || (x.dim(axis) >= 0 && end > x.dim(axis))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "range [", begin, ", ", end, ") is outside axis ", axis, " of ", x.ToString()));
  }
  PartialShape y = x;
  y.set_dim(axis, end - begin);
  c.set_output(0, y);
  return absl::OkStatus();
}

absl::Status SliceGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  ASSIGN_OR_RETURN(const int axis, NormalizeAxis(c.attrs().Int("axis"), c.input(0).shape().rank()));
  // Whole leading axes, then the range.
  std::vector<int64_t> begins(axis + 1, 0), steps(axis + 1, 1);
  std::vector<int64_t> ends(axis + 1, std::numeric_limits<int64_t>::max());
  begins[axis] = c.attrs().Int("begin");
  ends[axis] = c.attrs().Int("end");
  c.SetGrad(0, BuilderRef(b).Add("SliceGrad", {c.grad(), ShapeOf(b, c.input(0))},
                                 {{"begins", begins}, {"ends", ends}, {"steps", steps}}));
  return absl::OkStatus();
}

const OpRegistration kSlice({
    .name = "SliceAxis",
    .doc = "x[begin:end) along an axis.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axis", AttrType::kInt}, {"begin", AttrType::kInt}, {"end", AttrType::kInt}},
    .types = {{"T", kAllTypes}},
    .shape = SliceShape,
    .gradient = SliceGradient,
});

}  // namespace

Output Concat(BuilderRef b, const std::vector<Output>& values, int64_t axis) {
  return b.Add("Concat", values, {{"axis", axis}});
}
Output SliceAxis(BuilderRef b, Output x, int64_t axis, int64_t begin, int64_t end) {
  return b.Add("SliceAxis", {x}, {{"axis", axis}, {"begin", begin}, {"end", end}});
}

}  // namespace viv
