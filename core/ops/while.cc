// While, a loop of unknown length: carries = body(carries, captures) as long as the first carry, a
// boolean, holds. The body computes it for the next step, so a step is one call.
//
// The second carry counts the steps (int64). Outputs are the last carries and, where the gradient
// asked for them, values of each step, stacked along a new first dimension: the gradient is a
// reverse Scan over those. Every extent of a carry stays what it was.
//
// In a function, whose caller may be a loop that stacks what is saved, the stacks have max_steps
// rows, if that is given: those after the last step are zero, and the gradient skips them. The
// builder function is in while_builder.cc.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/carry_shape.h"
#include "core/ops/loop_gradient.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// As users count.
std::string CarryName(int i) {
  return i == 0 ? "the condition" : i == 1 ? "the count of steps" : absl::StrCat("value ", i - 2);
}

absl::Status WhileShape(ShapeContext& c) {
  const int64_t carries = c.attrs().Int("carries");
  if (carries < 2 || carries > c.num_inputs() || carries > c.num_outputs()) {
    return absl::InvalidArgumentError(absl::StrCat(carries, " carries among ", c.num_inputs(),
                                                   " inputs and ", c.num_outputs(), " outputs"));
  }
  if (c.attrs().Bool("padded") && c.attrs().Int("max_steps") < 0) {
    return absl::InvalidArgumentError("'padded' needs 'max_steps'");
  }
  if (c.input_type(0) != kBool || !c.input(0).Compatible(PartialShape::Scalar())) {
    return absl::InvalidArgumentError(absl::StrCat("the condition is ", DTypeName(c.input_type(0)),
                                                   c.input(0).ToString(),
                                                   ", not a boolean scalar"));
  }
  if (c.input_type(1) != kInt64 || !c.input(1).Compatible(PartialShape::Scalar())) {
    return absl::InvalidArgumentError("the second carry is no count of steps");
  }
  ASSIGN_OR_RETURN(const std::vector<PartialShape> results,
                   c.FunctionShapes("body", c.inputs(), 0, c.output_types()));
  for (int i = 0; i < c.num_outputs(); ++i) {
    if (i < carries) {
      ASSIGN_OR_RETURN(const PartialShape carry, CarryShape(c, i, results[i], CarryName(i)));
      c.set_output(i, carry);
    } else if (results[i].known_rank()) {
      PartialShape stacked = {c.attrs().Bool("padded") ? c.attrs().Int("max_steps") : -1};
      for (const int64_t extent : results[i].dims()) stacked.Append(extent);
      c.set_output(i, stacked);
    }
  }
  return absl::OkStatus();
}

bool IsFunctionBody(const Graph& graph) {
  const auto& nodes = graph.nodes();
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const auto& node) { return node->op_name() == "Argument"; });
}

absl::Status WhileGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const int64_t max_steps = c.attrs().Int("max_steps");
  LoopLayout layout{.carries = static_cast<int>(c.attrs().Int("carries"))};
  if (max_steps < 0 || !IsFunctionBody(b.graph())) {
    // One row for each step.
    layout.rows = Range(b, c.output(1));
    return LoopGradient(c, layout);
  }
  c.mutable_node().set_attr("padded", true);
  layout.steps = max_steps;
  layout.masked = true;
  layout.rows = Less(b, Range(b, Const<int64_t>(b, max_steps)), c.output(1));
  return LoopGradient(c, layout);
}

const OpRegistration kWhile({
    .name = "While",
    .doc = "Runs a function on its own results as long as a condition holds.",
    .inputs = {{.name = "values", .type = "any", .arity = Arity::kMany}},
    .outputs = {{.name = "results", .type = "any", .arity = Arity::kMany, .count = "types"}},
    .attrs = {{"body", AttrType::kString},
              {"carries", AttrType::kInt},
              {"types", AttrType::kTypes},
              {"max_steps", AttrValue(-1)},
              {"padded", AttrValue(false)}},
    .shape = WhileShape,
    .gradient = WhileGradient,
    .dynamic_output = true,
});

}  // namespace
}  // namespace viv
