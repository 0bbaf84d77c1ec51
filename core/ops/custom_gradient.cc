// CustomGradient: y = f(x), whose gradient is whatever another function says:
//   dx = g(x, y, dy).
//
// Inputs are the values, what f captures and what g captures. Only f runs; the gradient calls g,
// which may be differentiated in turn. What f captures gets no gradient: asking for one is an
// error. The builder function is in with_gradient.cc.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

absl::Status CustomGradientShape(ShapeContext& c) {
  const int64_t values = c.attrs().Int("values"), forward = c.attrs().Int("forward_inputs");
  if (values < 0 || values > forward || forward > c.num_inputs()) {
    return absl::InvalidArgumentError(absl::StrCat(values, " values and ", forward,
                                                   " inputs of 'forward' among ", c.num_inputs()));
  }
  for (const int64_t i : c.attrs().Ints("gradient_of")) {
    if (i >= 0 && i < values) continue;
    return absl::InvalidArgumentError(absl::StrCat("a gradient of value ", i, " among ", values));
  }
  ASSIGN_OR_RETURN(
      const std::vector<PartialShape> results,
      c.FunctionShapes("forward", c.inputs().subspan(0, forward), 0, c.output_types()));
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, results[i]);
  return absl::OkStatus();
}

absl::Status CustomGradientGradient(GradientContext& c) {
  const int values = static_cast<int>(c.attrs().Int("values"));
  const int forward = static_cast<int>(c.attrs().Int("forward_inputs"));
  for (int i = values; i < forward; ++i) {
    if (!c.needed(i)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the forward function uses '", c.input(i).name(),
        "', in which a gradient is wanted, but which is none of its inputs: make it one, or pass "
        "it through StopGradient"));
  }
  const std::vector<int64_t>& gradient_of = c.attrs().Ints("gradient_of");
  if (gradient_of.empty()) return absl::OkStatus();
  const GraphBuilder& b = c.builder();
  std::vector<Output> inputs;
  for (int i = 0; i < values; ++i) inputs.push_back(c.input(i));
  for (int i = 0; i < c.node().num_outputs(); ++i) inputs.push_back(c.output(i));
  for (int i = 0; i < c.node().num_outputs(); ++i) {
    if (!IsFloating(c.output(i).dtype())) continue;
    inputs.push_back(c.has_grad(i) ? c.grad(i) : ZerosLike(b, c.output(i)));
  }
  for (int i = forward; i < c.num_inputs(); ++i) inputs.push_back(c.input(i));
  std::vector<DType> types;
  for (const int64_t i : gradient_of) types.push_back(c.input(static_cast<int>(i)).dtype());
  const std::vector<Output> gradients = BuilderRef(b).AddMany(
      "Call", inputs, {{"function", c.attrs().String("backward")}, {"types", types}},
      static_cast<int>(types.size()));
  for (size_t k = 0; k < gradient_of.size(); ++k) {
    const int i = static_cast<int>(gradient_of[k]);
    if (!c.needed(i)) continue;
    c.SetGrad(i, OfShape(b, gradients[k], c.input(i)));
  }
  return absl::OkStatus();
}

const OpRegistration kCustomGradient({
    .name = "CustomGradient",
    .doc = "Runs a function whose gradient is another function.",
    .inputs = {{.name = "values", .type = "any", .arity = Arity::kMany}},
    .outputs = {{.name = "results", .type = "any", .arity = Arity::kMany, .count = "types"}},
    .attrs = {{"forward", AttrType::kString},
              {"backward", AttrType::kString},
              {"values", AttrType::kInt},
              {"forward_inputs", AttrType::kInt},
              {"gradient_of", AttrType::kInts},
              {"types", AttrType::kTypes}},
    .shape = CustomGradientShape,
    .gradient = CustomGradientGradient,
    .dynamic_output = true,
});

}  // namespace
}  // namespace viv
