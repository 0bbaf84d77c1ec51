// Pairs the arguments of both branches, differentiates both and joins them.
#include "core/ops/cond_gradient.h"

#include "core/base/status.h"
#include "core/ops/branch_gradient.h"

namespace viv {
namespace {

// A pair of arguments that stand for one value, whose gradients are one result; -1: none.
struct Target {
  int input;
  int then;
  int otherwise;
};

std::vector<Target> FindTargets(const GradientContext& c, const BranchGradient& then,
                                const BranchGradient& otherwise) {
  const int first = then.branch().first_input, second = otherwise.branch().first_input;
  std::vector<bool> paired(otherwise.branch().num_inputs, false);
  std::vector<Target> targets;
  const auto add = [&](const Target& target) {
    if (then.Flows(target.then) || otherwise.Flows(target.otherwise)) targets.push_back(target);
  };
  for (int i = first; i < second; ++i) {
    if (!c.needed(i)) continue;
    int twin = second;
    while (twin < c.num_inputs() && (paired[twin - second] || !(c.input(twin) == c.input(i)))) {
      ++twin;
    }
    if (twin < c.num_inputs()) paired[twin - second] = true;
    add({i, i - first, twin < c.num_inputs() ? twin - second : -1});
  }
  for (int i = second; i < c.num_inputs(); ++i) {
    if (c.needed(i) && !paired[i - second]) add({i, -1, i - second});
  }
  return targets;
}

absl::Status AddResult(BranchGradient& branch, int argument, Output like) {
  if (argument < 0) return branch.AddZeros(like);
  branch.AddResult(argument);
  return absl::OkStatus();
}

}  // namespace

absl::Status CondGradient(GradientContext& c) {
  const int then_inputs = static_cast<int>(c.attrs().Int("then_inputs"));
  const auto outputs = [&c](const char* attr) {
    std::vector<int64_t> list = c.attrs().Ints(attr);
    while (!list.empty() && list.back() >= c.node().num_outputs()) list.pop_back();
    return list;
  };
  ASSIGN_OR_RETURN(BranchGradient then,
                   BranchGradient::Create(c, {"then", 1, then_inputs, outputs("then_outputs")}));
  ASSIGN_OR_RETURN(
      BranchGradient otherwise,
      BranchGradient::Create(c, {"otherwise", 1 + then_inputs, c.num_inputs() - 1 - then_inputs,
                                 outputs("otherwise_outputs")}));
  const std::vector<Target> targets = FindTargets(c, then, otherwise);
  if (targets.empty()) return absl::OkStatus();
  std::vector<DType> types;
  std::vector<int64_t> all;
  for (const Target& target : targets) {
    const Output like = c.input(target.input);
    RETURN_IF_ERROR(AddResult(then, target.then, like));
    RETURN_IF_ERROR(AddResult(otherwise, target.otherwise, like));
    all.push_back(static_cast<int64_t>(types.size()));
    types.push_back(like.dtype());
  }
  SharedOutputs saved;
  RETURN_IF_ERROR(then.Finish(saved));
  RETURN_IF_ERROR(otherwise.Finish(saved));
  c.mutable_node().set_attr("then_outputs", then.branch().outputs);
  c.mutable_node().set_attr("otherwise_outputs", otherwise.branch().outputs);
  std::vector<Output> inputs = {c.input(0)};
  inputs.insert(inputs.end(), then.inputs().begin(), then.inputs().end());
  inputs.insert(inputs.end(), otherwise.inputs().begin(), otherwise.inputs().end());
  const std::vector<Output> results =
      BuilderRef(c.builder())
          .AddMany("Cond", inputs,
                   {{"then", then.backward()},
                    {"otherwise", otherwise.backward()},
                    {"then_inputs", static_cast<int64_t>(then.inputs().size())},
                    {"then_outputs", all},
                    {"otherwise_outputs", all},
                    {"types", types}},
                   static_cast<int>(types.size()));
  for (size_t k = 0; k < targets.size(); ++k) c.SetGrad(targets[k].input, results[k]);
  return absl::OkStatus();
}

}  // namespace viv
