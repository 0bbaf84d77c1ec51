// Split: consecutive parts along an axis; Unstack: every row on its own.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

absl::Status SplitShape(ShapeContext& c) {
  RETURN_IF_ERROR(WithRank(c, 1, 1));
  const int64_t parts = c.num_outputs();
  if (c.input(1).dim(0) >= 0 && c.input(1).dim(0) != parts) {
    return absl::InvalidArgumentError(
        absl::StrCat(c.input(1).dim(0), " sizes for ", parts, " parts"));
  }
  const PartialShape& x = c.input(0);
  if (!x.known_rank()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int axis, NormalizeAxis(c.attrs().Int("axis"), x.rank()));
  const Tensor* sizes = c.ConstantValue(1);
  int64_t sum = 0;
  for (int i = 0; i < parts; ++i) {
    PartialShape y = x;
    y.set_dim(axis, sizes == nullptr ? PartialShape::kUnknown : sizes->ElementAsInt(i));
    if (sizes != nullptr && (y.dim(axis) < 0 || y.dim(axis) > (int64_t{1} << 62) - sum)) {
      return absl::InvalidArgumentError(absl::StrCat("a part of extent ", y.dim(axis)));
    }
    sum += y.dim(axis);
    c.set_output(i, y);
  }
  if (sizes != nullptr && x.dim(axis) >= 0 && sum != x.dim(axis)) {
    return absl::InvalidArgumentError(absl::StrCat("the parts' extents sum up to ", sum, ", axis ",
                                                   axis, " of ", x.ToString(), " has ",
                                                   x.dim(axis)));
  }
  return absl::OkStatus();
}

absl::Status SplitGradient(GradientContext& c) {
  std::vector<Output> parts;
  for (int i = 0; i < c.node().num_outputs(); ++i) {
    parts.push_back(c.has_grad(i) ? c.grad(i) : ZerosLike(c.builder(), c.output(i)));
  }
  c.SetGrad(0, Concat(c.builder(), parts, c.attrs().Int("axis")));
  return absl::OkStatus();
}

const OpRegistration kSplit({
    .name = "Split",
    .doc = "Consecutive parts of x along an axis.",
    .inputs = {{"x", "T"}, {.name = "sizes", .type = kInt64, .host = true}},
    .outputs = {{.name = "parts", .type = "T", .arity = Arity::kMany, .count = "parts"}},
    .attrs = {{"axis", AttrType::kInt}, {"parts", AttrType::kInt}},
    .types = {{"T", kAllTypes}},
    .shape = SplitShape,
    .gradient = SplitGradient,
});

}  // namespace

std::vector<Output> Split(BuilderRef b, Output x, int64_t axis, const std::vector<int64_t>& sizes) {
  const int parts = static_cast<int>(sizes.size());
  return b.AddMany("Split", {x, Const(b, Tensor::Vector<int64_t>(sizes))},
                   {{"axis", axis}, {"parts", parts}}, parts);
}

std::vector<Output> SplitEqually(BuilderRef b, Output x, int64_t axis, int64_t parts) {
  if (parts < 1 || parts > (1 << 20)) {
    b.SetError(absl::InvalidArgumentError(absl::StrCat("Split: ", parts, " parts")));
    return {};
  }
  const int count = static_cast<int>(parts);
  if (!x.valid()) return std::vector<Output>(count);
  const absl::StatusOr<int> k = NormalizeAxis(axis, x.shape().rank());
  const int64_t extent = k.ok() ? x.shape().dim(*k) : -1;
  if (extent >= 0 && extent % parts == 0) {
    return Split(b, x, axis, std::vector<int64_t>(count, extent / parts));
  }
  // A remainder comes out as a sum that is not the extent.
  const Output size = Div(b, DimOf(b, x, axis), Const(b, parts));
  const Output sizes = BroadcastTo(b, size, Const(b, Tensor::Vector<int64_t>({parts})));
  return b.AddMany("Split", {x, sizes}, {{"axis", axis}, {"parts", count}}, count);
}

std::vector<Output> Unstack(BuilderRef b, Output x, int64_t axis) {
  if (!x.valid()) return {};
  const absl::StatusOr<int> k = NormalizeAxis(axis, x.shape().rank());
  if (!k.ok() || x.shape().dim(*k) < 0) {
    b.SetError(k.ok() ? absl::InvalidArgumentError(absl::StrCat("Unstack: the extent along axis ",
                                                                axis, " of ", x.shape().ToString(),
                                                                " is unknown: declare it"))
                      : Annotate(k.status(), "Unstack"));
    return {};
  }
  std::vector<Output> rows = Split(b, x, axis, std::vector<int64_t>(x.shape().dim(*k), 1));
  for (Output& row : rows) row = Squeeze(b, row, {axis});
  return rows;
}

}  // namespace viv
