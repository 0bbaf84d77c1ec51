// BroadcastTo: repeats x along missing dimensions and those of extent 1.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

const OpRegistration kBroadcastTo({
    .name = "BroadcastTo",
    .doc = "x repeated to a shape.",
    .inputs = {{"x", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"y", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(1));
      ASSIGN_OR_RETURN(const PartialShape whole, BroadcastShapes(c.input(0), shape));
      RETURN_IF_ERROR(whole.Merge(shape).status());
      c.set_output(0, shape);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, SumLike(c.builder(), c.grad(), c.input(0)));
          return absl::OkStatus();
        },
});

}  // namespace

Output BroadcastTo(BuilderRef b, Output x, Output shape) {
  return b.Add("BroadcastTo", {x, shape});
}

Output ScalarLike(BuilderRef b, double value, DType dtype) {
  switch (dtype) {
    case kDouble:
      return Const<double>(b, value);
    case kBFloat16:
      return Const<BFloat16>(b, BFloat16(static_cast<float>(value)));
    case kHalf:
      return Const<Half>(b, Half(static_cast<float>(value)));
    case kInt8:
      return Const<int8_t>(b, static_cast<int8_t>(value));
    case kUInt8:
      return Const<uint8_t>(b, static_cast<uint8_t>(value));
    case kInt32:
      return Const<int32_t>(b, static_cast<int32_t>(value));
    case kInt64:
      return Const<int64_t>(b, static_cast<int64_t>(value));
    case kBool:
      return Const<bool>(b, value != 0);
    default:
      return Const<float>(b, static_cast<float>(value));
  }
}
Output Fill(BuilderRef b, Output shape, Output value) { return BroadcastTo(b, value, shape); }
Output ZerosLike(BuilderRef b, Output x) {
  return x.valid() ? BroadcastTo(b, ScalarLike(b, 0, x.dtype()), ShapeOf(b, x)) : x;
}
Output OnesLike(BuilderRef b, Output x) {
  return x.valid() ? BroadcastTo(b, ScalarLike(b, 1, x.dtype()), ShapeOf(b, x)) : x;
}

}  // namespace viv
