// Kahn's algorithm, with a queue by priority.
#include "core/graph/topological_order.h"

#include <queue>
#include <unordered_map>

#include "absl/strings/str_cat.h"

namespace viv {

absl::StatusOr<std::vector<Node*>> TopologicalOrder(
    const Graph& graph, absl::FunctionRef<bool(const Node*, const Node*)> before) {
  std::unordered_map<const Node*, int> waiting;
  std::unordered_map<const Node*, std::vector<Node*>> consumers;
  const auto later = [before](const Node* a, const Node* b) { return before(b, a); };
  std::priority_queue<Node*, std::vector<Node*>, decltype(later)> ready(later);
  for (const auto& node : graph.nodes()) {
    waiting[node.get()] = static_cast<int>(node->inputs().size() + node->control_inputs().size());
    for (const Output& input : node->inputs()) consumers[input.node].push_back(node.get());
    for (Node* control : node->control_inputs()) consumers[control].push_back(node.get());
    if (waiting[node.get()] == 0) ready.push(node.get());
  }
  std::vector<Node*> order;
  while (!ready.empty()) {
    Node* node = ready.top();
    ready.pop();
    order.push_back(node);
    for (Node* consumer : consumers[node]) {
      if (--waiting[consumer] == 0) ready.push(consumer);
    }
  }
  if (order.size() == graph.nodes().size()) return order;
  for (const auto& node : graph.nodes()) {
    if (waiting[node.get()] > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the graph has a cycle through or before ", node->Describe()));
    }
  }
  return absl::InternalError("the graph has a cycle");
}

}  // namespace viv
