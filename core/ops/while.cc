// While, a loop of unknown length: carries = body(carries, captures) as long as the first carry, a
// boolean, holds. The body computes it for the next step, so a step is one call.
//
// The second carry counts the steps (int64). Outputs are the last carries and, where the gradient
// asked for them, values of each step, stacked along a new first dimension: the gradient is a
// reverse Scan over those. Every extent of a carry stays what it was.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/carry_shape.h"
#include "core/ops/control.h"
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
      PartialShape stacked = {PartialShape::kUnknown};
      for (const int64_t extent : results[i].dims()) stacked.Append(extent);
      c.set_output(i, stacked);
    }
  }
  return absl::OkStatus();
}

absl::Status WhileGradient(GradientContext& c) {
  // One row for each step.
  const Output rows = Range(c.builder(), c.output(1));
  return LoopGradient(
      c, {.carries = static_cast<int>(c.attrs().Int("carries")), .steps = -1, .rows = rows});
}

const OpRegistration kWhile({
    .name = "While",
    .doc = "Runs a function on its own results as long as a condition holds.",
    .inputs = {{.name = "values", .type = "any", .arity = Arity::kMany}},
    .outputs = {{.name = "results", .type = "any", .arity = Arity::kMany, .count = "types"}},
    .attrs = {{"body", AttrType::kString},
              {"carries", AttrType::kInt},
              {"types", AttrType::kTypes}},
    .shape = WhileShape,
    .gradient = WhileGradient,
    .dynamic_output = true,
});

// Whether a step follows on `values`, after `steps` of them.
Output Continue(const GraphBuilder& b, const WhileCondition& condition, const Outputs& values,
                Output steps, int64_t max_steps) {
  const Output holds = condition(b, values);
  if (!b.ok()) return Output();
  const bool truth = holds.valid() && holds.index >= 0 && holds.dtype() == kBool;
  if (!truth || !holds.shape().Compatible(PartialShape::Scalar())) {
    const std::string what = truth                               ? holds.shape().ToString()
                             : holds.valid() && holds.index >= 0 ? DTypeName(holds.dtype())
                                                                 : "nothing";
    BuilderRef(b).SetError(absl::InvalidArgumentError(
        absl::StrCat("While: the condition returns ", what, ", not a boolean scalar")));
    return Output();
  }
  if (max_steps < 0) return holds;
  return And(b, holds, Less(b, steps, Const<int64_t>(b, max_steps)));
}

}  // namespace

WhileValues While(BuilderRef b, const std::vector<Output>& initial, const WhileCondition& condition,
                  const WhileBody& body, WhileOptions options) {
  const GraphBuilder at = b.builder().At(b.site());
  std::vector<Output> inputs = {Output(), Const<int64_t>(at, 0)};
  inputs.insert(inputs.end(), initial.begin(), initial.end());
  std::vector<ArgumentSpec> arguments = {{kBool, PartialShape::Scalar()},
                                         {kInt64, PartialShape::Scalar()}};
  for (size_t i = 0; i < initial.size(); ++i) {
    if (!initial[i].valid() || initial[i].index < 0) {
      b.SetError(absl::InvalidArgumentError(absl::StrCat("While: value ", i, " is missing")));
      return {};
    }
    arguments.push_back({initial[i].dtype(), initial[i].shape()});
  }
  inputs[0] = Continue(at, condition, initial, inputs[1], options.max_steps);
  const auto step = [&](const GraphBuilder& inner, const std::vector<Output>& values) {
    const Outputs next = body(inner, std::vector<Output>(values.begin() + 2, values.end()));
    if (inner.ok() && next.size() != initial.size()) {
      inner.SetError(
          absl::InvalidArgumentError(absl::StrCat("While: there are ", initial.size(),
                                                  " values, but the body returns ", next.size())),
          b.site());
      return std::vector<Output>();
    }
    const Output steps = Add(inner, values[1], Const<int64_t>(inner, 1));
    std::vector<Output> results = {Continue(inner, condition, next, steps, options.max_steps),
                                   steps};
    results.insert(results.end(), next.begin(), next.end());
    return results;
  };
  const BuiltFunction built = BuildFunction(b, "while", arguments, step);
  inputs.insert(inputs.end(), built.captures.begin(), built.captures.end());
  const std::vector<Output> outputs =
      b.AddMany("While", inputs,
                {{"body", built.name},
                 {"carries", static_cast<int64_t>(arguments.size())},
                 {"types", built.result_types}},
                static_cast<int>(arguments.size()));
  if (!b.builder().ok()) return {};
  return {std::vector<Output>(outputs.begin() + 2, outputs.end()), outputs[1]};
}

}  // namespace viv
