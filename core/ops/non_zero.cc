// NonZero, which finds elements, and BooleanMask, which takes rows at them.
#include "absl/strings/str_cat.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/find.h"
#include "core/ops/shape_vector.h"

namespace viv {
namespace {

const OpRegistration kNonZero({
    .name = "NonZero",
    .doc = "The indices of all elements that are not 0, in row-major order.",
    .inputs = {{"x", "T"}},
    .outputs = {{"indices", kInt64}},
    .types = {{"T", kNumberOrBool}},
    .shape =
        [](ShapeContext& c) {
          c.set_output(0, {PartialShape::kUnknown, c.input(0).rank()});
          return absl::OkStatus();
        },
    .gradient = NotDifferentiable(),
    .dynamic_output = true,
});

}  // namespace

Output NonZero(BuilderRef b, Output x) { return b.Add("NonZero", {x}); }

Output BooleanMask(BuilderRef b, Output x, Output mask) {
  if (!x.valid() || !mask.valid()) return {};
  const GraphBuilder at = b.builder().At(b.site());
  const int rank = mask.shape().rank();
  if (rank < 1 || x.shape().rank() < rank ||
      !mask.shape().Compatible(PartialShape(x.shape().dims().subspan(0, rank)))) {
    b.SetError(absl::InvalidArgumentError(absl::StrCat(
        "BooleanMask: a mask ", mask.shape().ToString(), " for ", x.shape().ToString())));
    return {};
  }
  Output rows = x;
  // Also where it changes nothing but says at the run that the mask does not fit.
  if (rank > 1 || x.shape().dim(0) < 0 || x.shape().dim(0) != mask.shape().dim(0)) {
    ShapeVector flat = {Extent(SizeOf(at, mask))};
    for (int i = rank; i < x.shape().rank(); ++i) flat.emplace_back(x, i);
    rows = Reshape(at, x, ShapeOutput(at, flat));
    mask = Reshape(at, mask, {-1});
  }
  return Gather(at, rows, Squeeze(at, NonZero(at, mask), {1}));
}

}  // namespace viv
