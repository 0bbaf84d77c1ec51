// While: builds the body of a While, with the condition and the count of steps.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"

namespace viv {
namespace {

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
                 {"types", built.result_types},
                 {"max_steps", std::max<int64_t>(options.max_steps, -1)}},
                static_cast<int>(arguments.size()));
  if (!b.builder().ok()) return {};
  return {std::vector<Output>(outputs.begin() + 2, outputs.end()), outputs[1]};
}

}  // namespace viv
