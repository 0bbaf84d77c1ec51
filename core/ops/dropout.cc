// Dropout: y = x m / (1 - rate), where m is 0 with probability `rate` and else 1. The mask is a
// function of the seed, the attribute `key`, the step, the loop index, the example and the element:
// it is never stored, the gradient draws it again. Linear in x, so it is its own gradient.
// N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

absl::Status DropoutShape(ShapeContext& c) {
  const double rate = c.attrs().Float("rate");
  if (!(rate >= 0 && rate < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("rate is ", rate, ", outside [0, 1)"));
  }
  if (c.num_inputs() > 2) return absl::InvalidArgumentError("takes at most one 'training'");
  if (c.num_inputs() == 2) RETURN_IF_ERROR(WithRank(c, 1, 0));
  if (c.input(0).known_rank() && c.input(0).rank() > 0) {
    RETURN_IF_ERROR(NormalizeAxis(c.attrs().Int("batch_axis"), c.input(0).rank()).status());
  }
  c.set_output(0, c.input(0));
  return absl::OkStatus();
}

const OpRegistration kDropout({
    .name = "Dropout",
    .doc = "Zeros random elements of x and scales the others up.",
    .inputs = {{"x", "T"}, {.name = "training", .type = kBool, .arity = Arity::kMany}},
    .outputs = {{"y", "T"}},
    .attrs = {{"rate", AttrType::kFloat}, {"batch_axis", AttrValue(0)}, {"key", AttrValue("")}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = DropoutShape,
    .gradient =
        [](GradientContext& c) {
          std::vector<Output> inputs = {c.grad()};
          if (c.num_inputs() > 1) inputs.push_back(c.input(1));
          c.SetGrad(0, BuilderRef(c.builder()).Add("Dropout", inputs, c.attrs()));
          return absl::OkStatus();
        },
    .random = true,
});

}  // namespace

Output Dropout(BuilderRef b, Output x, float rate, Output training, int64_t batch_axis) {
  if (rate == 0) return x;
  std::vector<Output> inputs = {x};
  if (training.valid()) inputs.push_back(training);
  const Output y = b.Add("Dropout", inputs, {{"rate", rate}, {"batch_axis", batch_axis}});
  // Node names are unique within one graph: the function's name tells bodies of loops apart.
  if (y.valid()) {
    y.node->set_attr("key", absl::StrCat(b.builder().function_name(), ":", y.node->name()));
  }
  return y;
}

}  // namespace viv
