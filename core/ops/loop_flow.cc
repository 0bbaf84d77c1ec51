// Reachability within a loop's body, and around the loop until nothing changes.
#include "core/ops/loop_flow.h"

#include <algorithm>
#include <map>

#include "core/base/status.h"

namespace viv {
namespace {

// Whether results of a function depend on arguments, through floating-point values.
class Dependencies {
 public:
  static absl::StatusOr<Dependencies> Of(const Function& function);

  // Whether the result depends on one of the marked arguments.
  bool OnAny(int result, const std::vector<bool>& arguments) const {
    for (size_t a = 0; a < arguments.size(); ++a) {
      if (arguments[a] && depends_[result][a]) return true;
    }
    return false;
  }
  // Whether one of the marked results depends on the argument.
  bool OfAny(const std::vector<bool>& results, int argument) const {
    for (size_t r = 0; r < results.size(); ++r) {
      if (results[r] && depends_[r][argument]) return true;
    }
    return false;
  }

 private:
  std::vector<std::vector<bool>> depends_;  // [result][argument]
};

absl::StatusOr<Dependencies> Dependencies::Of(const Function& function) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, function.body().TopologicalOrder());
  const size_t num_arguments = function.arguments().size();
  std::map<const Node*, std::vector<bool>> of_node;
  for (const Node* node : order) {
    std::vector<bool>& depends = of_node[node];
    depends.resize(num_arguments, false);
    for (const Output& input : node->inputs()) {
      if (!IsFloating(input.dtype())) continue;
      for (size_t a = 0; a < num_arguments; ++a) {
        if (of_node[input.node][a]) depends[a] = true;
      }
    }
    const auto& arguments = function.arguments();
    const auto it = std::find(arguments.begin(), arguments.end(), node);
    if (it != arguments.end()) depends[it - arguments.begin()] = IsFloating(node->output_type(0));
  }
  Dependencies result;
  for (const Output& output : function.results()) {
    result.depends_.push_back(IsFloating(output.dtype()) ? of_node[output.node]
                                                         : std::vector<bool>(num_arguments, false));
  }
  return result;
}

}  // namespace

absl::StatusOr<LoopFlow> FindLoopFlow(const GradientContext& c, const Function& body,
                                      const LoopLayout& layout) {
  ASSIGN_OR_RETURN(const Dependencies depends, Dependencies::Of(body));
  const int inputs = c.num_inputs(), outputs = c.node().num_outputs();
  std::vector<bool> varied(inputs), useful(outputs);
  for (int i = 0; i < inputs; ++i) varied[i] = c.needed(i);
  for (int r = 0; r < outputs; ++r) useful[r] = c.has_grad(r);
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = 0; i < layout.carries; ++i) {
      if (!varied[i] && depends.OnAny(i, varied)) changed = varied[i] = true;
      if (!useful[i] && depends.OfAny(useful, i)) changed = useful[i] = true;
    }
  }
  LoopFlow flow;
  for (int i = 0; i < inputs; ++i) {
    if (layout.IsCarry(i)) {
      if (varied[i] && useful[i]) flow.carries.push_back(i);
    } else if (c.needed(i) && depends.OfAny(useful, i)) {
      (layout.IsCapture(i) ? flow.captures : flow.sequences).push_back(i);
    }
  }
  for (int r = layout.carries; r < outputs; ++r) {
    if (c.has_grad(r) && depends.OnAny(r, varied)) flow.outputs.push_back(r);
  }
  return flow;
}

}  // namespace viv
