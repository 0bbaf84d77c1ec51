// Convolutions take in the factor, shift and ReLU behind them.
#include <optional>
#include <utility>

#include "core/base/status.h"
#include "core/passes/fuse.h"

namespace viv {
namespace {

// The one node that reads the output, if it is `op`.
Node* OnlyReader(const ProgramGraph& graph, const Output& output, const char* op) {
  const std::vector<ProgramGraph::Use>& uses = graph.UsesOf(output.node);
  if (graph.CountUses(output) != 1 || uses.size() != 1) return nullptr;
  Node* const reader = uses[0].node;
  const bool fits = reader->op_name() == op && graph.Replaceable(*reader) &&
                    reader->device() == output.node->device();
  return fits ? reader : nullptr;
}

// The operand of `node` beside `x`, where it is a vector of `n` elements.
std::optional<Output> VectorBeside(const Node& node, const Output& x, int64_t n) {
  const Output other = node.input(node.input(0) == x ? 1 : 0);
  const PartialShape& shape = other.shape();
  if (other == x || !shape.known_rank() || shape.rank() != 1 || shape.dim(0) != n) return {};
  return other;
}

// A convolution and what was found behind it.
struct Chain {
  Node* convolution;
  Output last;
  std::optional<Output> factor, shift;
  bool relu = false;
};

std::optional<Chain> FindChain(const ProgramGraph& graph, Node* node) {
  const PartialShape& filter = node->input(1).shape();
  if (!filter.known_rank() || filter.rank() != 4 || filter.dim(3) < 0) return {};
  Chain chain{.convolution = node, .last = node->out()};
  if (Node* const mul = OnlyReader(graph, chain.last, "Mul")) {
    chain.factor = VectorBeside(*mul, chain.last, filter.dim(3));
    if (!chain.factor) return {};
    chain.last = mul->out();
  }
  Node* const add = OnlyReader(graph, chain.last, "Add");
  if (add == nullptr) return {};
  chain.shift = VectorBeside(*add, chain.last, filter.dim(3));
  if (!chain.shift) return {};
  chain.last = add->out();
  if (Node* const relu = OnlyReader(graph, chain.last, "Relu")) {
    chain.relu = true;
    chain.last = relu->out();
  }
  return chain;
}

}  // namespace

absl::StatusOr<int> FuseConvolutions(ProgramGraph& graph) {
  ASSIGN_OR_RETURN(const std::vector<Node*> nodes, graph.Order());
  int fused = 0;
  for (Node* const node : nodes) {
    if (node->op_name() != "Conv2D" || node->output_type(0) != kFloat) continue;
    if (!OnCpu(*node) || !graph.Replaceable(*node)) continue;
    const std::optional<Chain> chain = FindChain(graph, node);
    if (!chain) continue;
    NodeSpec spec{.op = "FusedConv2D",
                  .inputs = {node->input(0), node->input(1), *chain->shift},
                  .attrs = node->attrs()};
    if (chain->factor) spec.inputs.push_back(*chain->factor);
    spec.attrs.Set("relu", chain->relu);
    const PartialShape shape = chain->last.shape();
    ASSIGN_OR_RETURN(Node * whole, graph.Add(std::move(spec), *chain->last.node));
    whole->set_output_shape(0, shape);
    graph.Replace(chain->last, whole->out());
    fused += 2 + (chain->factor ? 1 : 0) + (chain->relu ? 1 : 0);
  }
  return fused;
}

}  // namespace viv
