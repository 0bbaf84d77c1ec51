// Cast: the elements in another type.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/math.h"

namespace viv {
namespace {

const OpRegistration kCast({
    .name = "Cast",
    .doc = "x in another type.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "dtype"}},
    .attrs = {{"dtype", AttrType::kType}},
    .types = {{"T", kNumberOrBool}, {"dtype", kNumberOrBool}},
    .shape = UnchangedShape,
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, Cast(c.builder(), c.grad(), c.input(0).dtype()));
          return absl::OkStatus();
        },
});

}  // namespace

Output Cast(BuilderRef b, Output x, DType dtype) {
  return x.valid() && x.dtype() == dtype ? x : b.Add("Cast", {x}, {{"dtype", dtype}});
}

}  // namespace viv
