// Gather takes slices of x along an axis, ScatterAdd, its transpose, adds them up in zeros. Gathers
// of whole rows (axis 0) have a sparse gradient.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/shape_vector.h"

namespace viv {
namespace {

const std::vector<AttrDef> kAxisAttrs = {{"axis", AttrValue(0)}, {"batch_dims", AttrValue(0)}};

AttrMap AxisAttrs(const AttrMap& attrs) {
  return {{"axis", attrs.Int("axis")}, {"batch_dims", attrs.Int("batch_dims")}};
}

// The shape of Gather(x, indices): x[:axis] + indices[batch_dims:] + x[axis + 1:].
absl::StatusOr<PartialShape> Gathered(const AttrMap& attrs, const PartialShape& x,
                                      const PartialShape& indices) {
  if (!x.known_rank() || !indices.known_rank()) return PartialShape();
  if (x.rank() == 0) return absl::InvalidArgumentError("a scalar has no rows");
  ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.Int("axis"), x.rank()));
  const int64_t batch_dims = attrs.Int("batch_dims");
  if (batch_dims < 0 || batch_dims > axis || batch_dims > indices.rank()) {
    return absl::InvalidArgumentError(absl::StrCat("batch_dims ", batch_dims, " for axis ", axis,
                                                   " and indices of shape ", indices.ToString()));
  }
  const int shared = static_cast<int>(batch_dims);
  RETURN_IF_ERROR(Annotate(PartialShape(x.dims().subspan(0, shared))
                               .Merge(PartialShape(indices.dims().subspan(0, shared)))
                               .status(),
                           "the batch dimensions"));
  PartialShape y(x.dims().subspan(0, axis));
  for (int i = shared; i < indices.rank(); ++i) y.Append(indices.dim(i));
  for (int i = axis + 1; i < x.rank(); ++i) y.Append(x.dim(i));
  return y;
}

absl::Status GatherGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), indices = c.input(1);
  if (c.attrs().Int("axis") != 0) {
    c.SetGrad(0, BuilderRef(b).Add("ScatterAdd", {indices, c.grad(), ShapeOf(b, x)},
                                   AxisAttrs(c.attrs())));
    return absl::OkStatus();
  }
  if (!x.shape().known_rank()) {
    return absl::UnimplementedError("the rank of x is unknown: declare it");
  }
  ShapeVector rows = {SizeOf(b, indices)};
  for (int i = 1; i < x.shape().rank(); ++i) rows.push_back(Extent(x, i));
  c.SetSparseGrad(0, Reshape(b, indices, {-1}), ReshapeTo(b, c.grad(), rows));
  return absl::OkStatus();
}

const OpRegistration kGather({
    .name = "Gather",
    .doc = "Slices of x along an axis at indices.",
    .inputs = {{"x", "T"}, {"indices", "I"}},
    .outputs = {{"y", "T"}},
    .attrs = kAxisAttrs,
    .types = {{"T", kAllTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, Gathered(c.attrs(), c.input(0), c.input(1)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient = GatherGradient,
});

const OpRegistration kScatterAdd({
    .name = "ScatterAdd",
    .doc = "Zeros with slices added at indices along an axis.",
    .inputs = {{"indices", "I"}, {"values", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .attrs = kAxisAttrs,
    .types = {{"T", kNumericTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(2));
      c.set_output(0, shape);
      ASSIGN_OR_RETURN(const PartialShape values, Gathered(c.attrs(), shape, c.input(0)));
      return Annotate(values.Merge(c.input(1)).status(), "values");
    },
    .gradient =
        [](GradientContext& c) {
          if (c.needed(1)) {
            c.SetGrad(1, BuilderRef(c.builder())
                             .Add("Gather", {c.grad(), c.input(0)}, AxisAttrs(c.attrs())));
          }
          return absl::OkStatus();
        },
});

}  // namespace

Output Gather(BuilderRef b, Output x, Output indices) { return b.Add("Gather", {x, indices}); }
Output GatherAxis(BuilderRef b, Output x, Output indices, int64_t axis, int64_t batch_dims) {
  return b.Add("Gather", {x, indices}, {{"axis", axis}, {"batch_dims", batch_dims}});
}
Output ScatterAdd(BuilderRef b, Output indices, Output values, Output shape) {
  return b.Add("ScatterAdd", {indices, values, shape});
}

}  // namespace viv
