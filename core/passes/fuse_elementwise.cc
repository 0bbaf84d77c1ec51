// Element-wise fusion: a tree or DAG of element-wise nodes that ends in one node, and whose other
// results nobody else uses, becomes one Fused node. Nothing is computed twice; the numbers of a
// block stay in the cache between the ops.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/graph/elementwise.h"
#include "core/passes/fuse.h"
#include "core/passes/optimize.h"

namespace viv {
namespace {

// As Fused takes at most.
constexpr size_t kMaxInstructions = 16;
constexpr size_t kMaxInputs = 8;

// Integers are left alone: their divisions fail, and shapes are computed of them.
bool FusableType(DType type) { return IsFloating(type) || type == kBool; }

bool Fusable(const ProgramGraph& graph, const Node& node) {
  if (!IsElementwise(node.op_name()) || !OnCpu(node)) return false;
  if (!FusableType(node.output_type(0)) || !graph.Replaceable(node)) return false;
  return std::all_of(node.inputs().begin(), node.inputs().end(),
                     [](const Output& input) { return FusableType(input.dtype()); });
}

// A root and the nodes that go into it.
class Group {
 public:
  Group(ProgramGraph& graph, Node* root) : graph_(graph), root_(root), members_{root} {}

  // Takes in producers as long as there are some that fit; `order`: where each node stands.
  void Grow(const std::map<const Node*, size_t>& order) {
    // From the last on, so that all consumers have been decided upon.
    std::set<std::pair<size_t, Node*>, std::greater<>> candidates;
    const auto consider = [&](const Node& node) {
      for (const Output& input : node.inputs()) {
        candidates.emplace(order.at(input.node), input.node);
      }
    };
    consider(*root_);
    while (!candidates.empty() && members_.size() < kMaxInstructions) {
      Node* const node = candidates.begin()->second;
      candidates.erase(candidates.begin());
      if (!Fits(*node)) continue;
      members_.insert(node);
      if (Inputs().size() > kMaxInputs) {
        members_.erase(node);
        continue;
      }
      consider(*node);
    }
  }

  size_t size() const { return members_.size(); }
  bool Has(const Node* node) const { return members_.count(const_cast<Node*>(node)) > 0; }
  const std::set<Node*>& members() const { return members_; }

  // The node that computes the group.
  absl::StatusOr<Node*> Build(const std::map<const Node*, size_t>& order) const;

 private:
  // Whether all that is computed of `node` is computed in the group, element by element.
  bool Fits(const Node& node) const {
    if (!Fusable(graph_, node) || node.device() != root_->device()) return false;
    // An operand that is smaller would be computed again for each row.
    if (!(node.output_shape(0) == root_->output_shape(0)) || !node.output_shape(0).known_rank()) {
      return false;
    }
    const std::vector<ProgramGraph::Use>& uses = graph_.UsesOf(&node);
    return graph_.CountUses(Output(const_cast<Node*>(&node), 0)) == static_cast<int>(uses.size()) &&
           std::all_of(uses.begin(), uses.end(),
                       [this](const ProgramGraph::Use& use) { return Has(use.node); });
  }

  std::vector<Output> Inputs() const {
    std::vector<Output> inputs;
    for (const Node* member : members_) {
      for (const Output& input : member->inputs()) {
        const bool known = std::find(inputs.begin(), inputs.end(), input) != inputs.end();
        if (!Has(input.node) && !known) inputs.push_back(input);
      }
    }
    return inputs;
  }

  ProgramGraph& graph_;
  Node* const root_;
  std::set<Node*> members_;
};

absl::StatusOr<Node*> Group::Build(const std::map<const Node*, size_t>& order) const {
  std::vector<Node*> sorted(members_.begin(), members_.end());
  const auto earlier = [&order](const Node* a, const Node* b) { return order.at(a) < order.at(b); };
  std::sort(sorted.begin(), sorted.end(), earlier);
  NodeSpec spec{.op = "Fused"};
  std::map<Output, int64_t> value_of;
  for (const Node* member : sorted) {
    for (const Output& input : member->inputs()) {
      if (Has(input.node) || value_of.count(input) > 0) continue;
      value_of.emplace(input, static_cast<int64_t>(spec.inputs.size()));
      spec.inputs.push_back(input);
    }
  }
  std::vector<std::string> ops, nodes;
  std::vector<int64_t> arity, operands;
  std::vector<DType> types;
  for (Node* member : sorted) {
    ops.push_back(member->op_name());
    nodes.push_back(member->Describe());
    types.push_back(member->output_type(0));
    arity.push_back(member->num_inputs());
    for (const Output& input : member->inputs()) operands.push_back(value_of.at(input));
    value_of.emplace(member->out(), static_cast<int64_t>(spec.inputs.size() + ops.size() - 1));
  }
  spec.attrs = {{"dtype", types.back()}, {"ops", ops},     {"arity", arity},
                {"operands", operands},  {"types", types}, {"nodes", nodes}};
  ASSIGN_OR_RETURN(Node * fused, graph_.Add(std::move(spec), *root_));
  fused->set_output_shape(0, root_->output_shape(0));
  return fused;
}

}  // namespace

absl::StatusOr<int> FuseElementwise(ProgramGraph& graph) {
  ASSIGN_OR_RETURN(const std::vector<Node*> nodes, graph.Order());
  std::map<const Node*, size_t> order;
  for (size_t i = 0; i < nodes.size(); ++i) order[nodes[i]] = i;
  std::set<const Node*> done;
  int fused = 0;
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    Node* const root = *it;
    if (done.count(root) > 0 || !Fusable(graph, *root) || graph.CountUses(root->out()) == 0) {
      continue;
    }
    Group group(graph, root);
    group.Grow(order);
    if (group.size() < 2) continue;
    ASSIGN_OR_RETURN(Node * whole, group.Build(order));
    graph.Replace(root->out(), whole->out());
    done.insert(group.members().begin(), group.members().end());
    fused += static_cast<int>(group.size());
  }
  return fused;
}

}  // namespace viv
