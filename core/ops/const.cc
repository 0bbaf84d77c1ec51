// Const: a tensor that is part of the graph.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kConst({
    .name = "Const",
    .doc = "A constant tensor.",
    .outputs = {{"value", "dtype"}},
    .attrs = {{"value", AttrType::kTensor}, {"dtype", AttrType::kType}},
    .shape =
        [](ShapeContext& c) {
          const Tensor& value = c.attrs().TensorAttr("value");
          if (value.dtype() != c.attrs().Type("dtype")) {
            return absl::InvalidArgumentError("attribute 'dtype' is not the type of 'value'");
          }
          c.set_output(0, value.shape());
          return absl::OkStatus();
        },
    .gradient = NotDifferentiable(),
});

}  // namespace

Output Const(BuilderRef b, Tensor value) {
  const DType dtype = value.dtype();
  return b.Add("Const", {}, {{"value", std::move(value)}, {"dtype", dtype}});
}

}  // namespace viv
