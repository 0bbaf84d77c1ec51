// ApplySgd and ApplyAdam. The slots and the gradient have the shape of the variable.
#include "core/ops/optimizer.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

// Inputs [1, tensors) are like the variable, the rest are scalars.
ShapeFn LikeVariable(int tensors) {
  return [tensors](ShapeContext& c) -> absl::Status {
    for (int i = 1; i < c.num_inputs(); ++i) {
      const PartialShape& wanted = i < tensors ? c.input(0) : PartialShape::Scalar();
      RETURN_IF_ERROR(Annotate(wanted.Merge(c.input(i)).status(), absl::StrCat("input ", i)));
    }
    return absl::OkStatus();
  };
}

const OpRegistration kSgd({
    .name = "ApplySgd",
    .doc = "v -= rate * gradient.",
    .inputs = {{"v", kResource}, {"gradient", kFloat}, {"rate", kFloat}},
    .shape = LikeVariable(2),
    .gradient = NotDifferentiable(),
    .updates = 1,
});

const OpRegistration kAdam({
    .name = "ApplyAdam",
    .doc = "A step of Adam.",
    .inputs = {{"v", kResource},
               {"m", kResource},
               {"s", kResource},
               {"gradient", kFloat},
               {"rate", kFloat},
               {"step", kFloat}},
    .attrs = {{"beta1", AttrValue(0.9)},
              {"beta2", AttrValue(0.999)},
              {"epsilon", AttrValue(1e-8)},
              {"weight_decay", AttrValue(0.0)}},
    .shape = LikeVariable(4),
    .gradient = NotDifferentiable(),
    .updates = 3,
});

}  // namespace

Output ApplySgd(BuilderRef b, const Variable& v, Output gradient, Output rate) {
  return b.AddTarget("ApplySgd", {v.handle(), gradient, rate});
}

Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                 Output gradient, Output rate, Output step, AdamOptions options) {
  return b.AddTarget("ApplyAdam", {v.handle(), m.handle(), s.handle(), gradient, rate, step},
                     {{"beta1", options.beta1},
                      {"beta2", options.beta2},
                      {"epsilon", options.epsilon},
                      {"weight_decay", options.weight_decay}});
}

}  // namespace viv
