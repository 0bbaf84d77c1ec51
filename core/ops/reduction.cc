// Shapes of reductions.
#include "core/ops/reduction.h"

#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

absl::StatusOr<std::vector<bool>> ReducedAxes(const std::vector<int64_t>& axes, int rank) {
  std::vector<bool> reduced(rank, axes.empty());
  for (const int64_t axis : axes) {
    ASSIGN_OR_RETURN(const int i, NormalizeAxis(axis, rank));
    if (reduced[i]) return absl::InvalidArgumentError("an axis is given twice");
    reduced[i] = true;
  }
  return reduced;
}

absl::Status ReductionShape(ShapeContext& c) {
  const PartialShape& x = c.input(0);
  const std::vector<int64_t>& axes = c.attrs().Ints("axes");
  const bool keep = c.attrs().Bool("keep_dims");
  if (!x.known_rank()) {
    if (axes.empty() && !keep) c.set_output(0, PartialShape::Scalar());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<bool> reduced, ReducedAxes(axes, x.rank()));
  PartialShape y = PartialShape::Scalar();
  for (int i = 0; i < x.rank(); ++i) {
    if (!reduced[i]) y.Append(x.dim(i));
    if (reduced[i] && keep) y.Append(1);
  }
  c.set_output(0, y);
  return absl::OkStatus();
}

}  // namespace

OpDef Reduction(const char* name, const char* doc, const std::vector<DType>& types,
                GradientFn gradient) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}},
          .outputs = {{"y", "T"}},
          .attrs = {{"axes", AttrValue(std::vector<int64_t>())}, {"keep_dims", AttrValue(false)}},
          .types = {{"T", types}},
          .shape = ReductionShape,
          .gradient = std::move(gradient)};
}

Output WithReducedAxes(GradientContext& c, Output y) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0);
  const std::vector<int64_t>& axes = c.attrs().Ints("axes");
  // A scalar broadcasts as it is.
  if (c.attrs().Bool("keep_dims") || axes.empty()) return y;
  if (!x.shape().known_rank()) {
    // A sum whose shape is all that counts.
    return Reshape(b, y, ShapeOf(b, Sum(b, StopGradient(b, x), axes, true)));
  }
  const absl::StatusOr<std::vector<bool>> reduced = ReducedAxes(axes, x.shape().rank());
  for (int i = 0; reduced.ok() && i < x.shape().rank(); ++i) {
    if ((*reduced)[i]) y = ExpandDims(b, y, i);
  }
  return y;
}

}  // namespace viv
