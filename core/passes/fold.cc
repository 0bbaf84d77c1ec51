// Constant folding: what depends on constants alone is computed once, while the program is made.
#include <algorithm>
#include <utility>

#include "core/base/status.h"
#include "core/passes/optimize.h"

namespace viv {
namespace {

// Whether every output is small enough to be kept: below the limit, or no larger than the inputs
// that it replaces.
bool SmallEnough(const Node& node, size_t input_bytes, size_t max_bytes) {
  size_t bytes = 0;
  for (int i = 0; i < node.num_outputs(); ++i) {
    const PartialShape& shape = node.output_shape(i);
    if (!shape.fully_defined()) return false;
    bytes += shape.num_elements() * DTypeSize(node.output_type(i));
  }
  return bytes <= std::max(max_bytes, input_bytes);
}

}  // namespace

absl::StatusOr<int> FoldConstants(ProgramGraph& graph, size_t max_bytes,
                                  const Evaluator& evaluate) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph.Order());
  int folded = 0;
  for (Node* node : order) {
    if (node->num_inputs() == 0 || node->num_outputs() == 0 || !graph.Replaceable(*node)) continue;
    std::vector<Tensor> inputs;
    size_t input_bytes = 0;
    for (const Output& input : node->inputs()) {
      const Tensor* value = ConstantOf(input);
      if (value == nullptr) break;
      inputs.push_back(*value);
      input_bytes += value->bytes();
    }
    if (static_cast<int>(inputs.size()) < node->num_inputs()) continue;
    // An op with a dynamic output has no known shape here and stays.
    if (!SmallEnough(*node, input_bytes, max_bytes)) continue;
    // What cannot be computed stays: the run reports it, if it is reached.
    absl::StatusOr<std::vector<Tensor>> values = evaluate(*node, inputs);
    if (!values.ok()) continue;
    for (int i = 0; i < node->num_outputs(); ++i) {
      if (graph.CountUses(node->out(i)) == 0) continue;
      ASSIGN_OR_RETURN(const Output constant, graph.AddConstant(std::move((*values)[i]), *node));
      graph.Replace(node->out(i), constant);
    }
    ++folded;
  }
  return folded;
}

}  // namespace viv
