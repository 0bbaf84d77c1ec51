// GatherElements: elements picked along one axis, each position by an index of its own, and
// ScatterElements, its transpose. What sorts or selects by value is differentiated through it.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// Checks that the indices have the shape of x but along the axis.
absl::Status CheckShapes(const AttrMap& attrs, PartialShape x, PartialShape indices) {
  if (!x.known_rank()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.Int("axis"), x.rank()));
  x.set_dim(axis, PartialShape::kUnknown);
  return Annotate(x.Merge(indices).status(), "indices");
}

const OpRegistration kGatherElements({
    .name = "GatherElements",
    .doc = "Elements of x at indices along an axis.",
    .inputs = {{"x", "T"}, {"indices", "I"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axis", AttrType::kInt}},
    .types = {{"T", kAllTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(CheckShapes(c.attrs(), c.input(0), c.input(1)));
      c.set_output(0, c.input(1));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(0, BuilderRef(b).Add("ScatterElements",
                                         {c.input(1), c.grad(), ShapeOf(b, c.input(0))},
                                         {{"axis", c.attrs().Int("axis")}}));
          return absl::OkStatus();
        },
});

const OpRegistration kScatterElements({
    .name = "ScatterElements",
    .doc = "Zeros with elements added at indices along an axis.",
    .inputs = {{"indices", "I"}, {"values", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .attrs = {{"axis", AttrType::kInt}},
    .types = {{"T", kNumericTypes}, {"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(2));
      RETURN_IF_ERROR(CheckShapes(c.attrs(), shape, c.input(0)));
      c.set_output(0, shape);
      return Annotate(c.input(0).Merge(c.input(1)).status(), "values");
    },
    .gradient =
        [](GradientContext& c) {
          if (c.needed(1)) {
            c.SetGrad(1, GatherElements(c.builder(), c.grad(), c.input(0), c.attrs().Int("axis")));
          }
          return absl::OkStatus();
        },
});

}  // namespace

Output GatherElements(BuilderRef b, Output x, Output indices, int64_t axis) {
  return b.Add("GatherElements", {x, indices}, {{"axis", axis}});
}

}  // namespace viv
