// Copies nodes from graph to graph.
#include "core/ops/function_copy.h"

#include "core/base/status.h"

namespace viv {

absl::Status CopyNode(Node* node, Graph& to, OutputMap& copies) {
  NodeSpec spec{.op = node->op_name(),
                .name = node->name(),
                .attrs = node->attrs(),
                .device = node->device(),
                .site = node->site()};
  for (const Output& input : node->inputs()) spec.inputs.push_back(copies.at(input));
  for (Node* control : node->control_inputs()) {
    const auto it = copies.find(Output(control, Output::kControl));
    if (it != copies.end()) spec.control_inputs.push_back(it->second.node);
  }
  ASSIGN_OR_RETURN(Node * copy, to.AddNode(std::move(spec)));
  for (int i = Output::kControl; i < node->num_outputs(); ++i) {
    copies[Output(node, i)] = Output(copy, i);
  }
  return absl::OkStatus();
}

absl::Status CopyAsArgument(Output argument, Function& to, OutputMap& copies) {
  ASSIGN_OR_RETURN(const Output copy,
                   to.AddArgument(argument.dtype(), argument.shape(), argument.node->site()));
  copies[argument] = copy;
  return absl::OkStatus();
}

std::vector<Output> Mapped(const std::vector<Output>& outputs, const OutputMap& copies) {
  std::vector<Output> mapped;
  for (const Output& output : outputs) mapped.push_back(copies.at(output));
  return mapped;
}

}  // namespace viv
