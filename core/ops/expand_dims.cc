// ExpandDims and Squeeze: axes of extent 1 come and go; the memory is shared. Stack puts tensors
// together along a new axis.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kExpandDims({
    .name = "ExpandDims",
    .doc = "x with one more axis of extent 1.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axis", AttrType::kInt}},
    .types = {{"T", kAllTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      const PartialShape& x = c.input(0);
      if (!x.known_rank()) return absl::OkStatus();
      if (x.rank() == Shape::kMaxRank) return absl::InvalidArgumentError("x has the highest rank");
      ASSIGN_OR_RETURN(const int axis, NormalizeAxis(c.attrs().Int("axis"), x.rank() + 1));
      PartialShape y(x.dims().subspan(0, axis));
      y.Append(1);
      for (int i = axis; i < x.rank(); ++i) y.Append(x.dim(i));
      c.set_output(0, y);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, Squeeze(c.builder(), c.grad(), {c.attrs().Int("axis")}));
          return absl::OkStatus();
        },
});

absl::Status SqueezeShape(ShapeContext& c) {
  const PartialShape& x = c.input(0);
  if (!x.known_rank()) return absl::OkStatus();
  std::vector<bool> gone(x.rank(), false);
  for (const int64_t axis : c.attrs().Ints("axes")) {
    ASSIGN_OR_RETURN(const int i, NormalizeAxis(axis, x.rank()));
    if (x.dim(i) >= 0 && x.dim(i) != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("axis ", i, " of ", x.ToString(), " has not extent 1"));
    }
    gone[i] = true;
  }
  PartialShape y = PartialShape::Scalar();
  for (int i = 0; i < x.rank(); ++i) {
    if (!gone[i]) y.Append(x.dim(i));
  }
  c.set_output(0, y);
  return absl::OkStatus();
}

const OpRegistration kSqueeze({
    .name = "Squeeze",
    .doc = "x without some axes of extent 1.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axes", AttrType::kInts}},
    .types = {{"T", kAllTypes}},
    .shape = SqueezeShape,
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, Reshape(c.builder(), c.grad(), ShapeOf(c.builder(), c.input(0))));
          return absl::OkStatus();
        },
});

}  // namespace

Output ExpandDims(BuilderRef b, Output x, int64_t axis) {
  return b.Add("ExpandDims", {x}, {{"axis", axis}});
}
Output Squeeze(BuilderRef b, Output x, const std::vector<int64_t>& axes) {
  return b.Add("Squeeze", {x}, {{"axes", axes}});
}
Output DimOf(BuilderRef b, Output x, int64_t axis) {
  if (!x.valid()) return {};
  const absl::StatusOr<int> k = NormalizeAxis(axis, x.shape().rank());
  if (!k.ok()) {
    b.SetError(Annotate(k.status(), "DimOf"));
    return {};
  }
  if (x.shape().dim(*k) >= 0) return Const(b, x.shape().dim(*k));
  return Squeeze(b, SliceAxis(b, ShapeOf(b, x), 0, *k, *k + 1), {0});
}

Output Stack(BuilderRef b, const std::vector<Output>& values, int64_t axis) {
  std::vector<Output> slices;
  for (const Output& value : values) slices.push_back(ExpandDims(b, value, axis));
  return Concat(b, slices, axis);
}

}  // namespace viv
