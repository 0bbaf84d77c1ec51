// ShapeOf and SizeOf: extents as tensors. Their values follow from the shape, so a plan knows them
// before anything runs.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kShapeOf({
    .name = "ShapeOf",
    .doc = "The shape of x.",
    .inputs = {{"x", "T"}},
    .outputs = {{"shape", kInt64}},
    .types = {{"T", kAllTypes}},
    .shape =
        [](ShapeContext& c) {
          const PartialShape& x = c.input(0);
          c.set_output(0, x.known_rank() ? PartialShape({x.rank()}) : PartialShape::OfRank(1));
          return absl::OkStatus();
        },
    .gradient = NotDifferentiable(),
});

const OpRegistration kSizeOf({
    .name = "SizeOf",
    .doc = "The number of elements of x.",
    .inputs = {{"x", "T"}},
    .outputs = {{"size", kInt64}},
    .types = {{"T", kAllTypes}},
    .shape = ScalarShape,
    .gradient = NotDifferentiable(),
});

}  // namespace

Output ShapeOf(BuilderRef b, Output x) {
  if (x.valid() && x.shape().fully_defined()) {
    return Const(b, Tensor::Vector<int64_t>(x.shape().dims()));
  }
  return b.Add("ShapeOf", {x});
}

Output SizeOf(BuilderRef b, Output x) {
  if (x.valid() && x.shape().fully_defined()) return Const<int64_t>(b, x.shape().num_elements());
  return b.Add("SizeOf", {x});
}

}  // namespace viv
