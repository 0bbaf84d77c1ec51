// Copies of marked nodes that begin with what is kept.
#include "core/autodiff/recomputation.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/ops/array.h"

namespace viv {
namespace {

// Max pooling is here for the places that it finds.
constexpr const char* kExpensive[] = {"Attention",      "Call", "Cond", "Conv2D",
                                      "CustomGradient", "Gru",  "Lstm", "MatMul",
                                      "MaxPool2D",      "Scan", "While"};

bool IsKept(const Node& node) {
  if (!node.recomputed() || !node.op().pure() || node.num_inputs() == 0) return true;
  return node.op_name() == "ReadVariable" || std::find(std::begin(kExpensive), std::end(kExpensive),
                                                       node.op_name()) != std::end(kExpensive);
}

// Parameters wait for nothing: kernels see that they are variables.
bool IsParameter(const Output& x) {
  return x.node->op_name() == "ReadVariable" || x.node->op_name() == "Const";
}

}  // namespace

Output Recomputation::Again(Output output, Output signal) {
  const Node& node = *output.node;
  if (!signal.valid() || IsKept(node) || depends_.count(&node) == 0) return output;
  const auto known = copies_.find(&node);
  if (known != copies_.end()) return known->second->out(output.index);
  const GraphBuilder at = builder_.At(node.site());
  std::vector<Output> inputs;
  bool waits = false;
  for (const Output& input : node.inputs()) {
    Output again = Again(input, signal);
    waits |= !(again == input);
    if (again == input && !IsParameter(input)) {
      again = Delay(at, input, signal);
      waits = true;
    }
    inputs.push_back(again);
  }
  // What depends on parameters alone would be merged with its copy.
  if (!waits) return output;
  Node* const copy = BuilderRef(at).AddNode(node.op_name(), std::move(inputs), node.attrs());
  // The builder keeps the error.
  if (copy == nullptr) return output;
  copy->set_device(node.device());
  copies_[&node] = copy;
  return copy->out(output.index);
}

}  // namespace viv
