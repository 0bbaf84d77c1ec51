// Copies parts of functions into others.
#ifndef VIV_CORE_OPS_FUNCTION_COPY_H_
#define VIV_CORE_OPS_FUNCTION_COPY_H_

#include <map>
#include <vector>

#include "core/graph/graph.h"

namespace viv {

// From outputs to their copies; Output::kControl stands for the node.
using OutputMap = std::map<Output, Output>;

// Copies a node; `copies` knows its inputs, and then its outputs. Control inputs that `copies` does
// not know stay behind: they hold for the other half of a function.
absl::Status CopyNode(Node* node, Graph& to, OutputMap& copies);
// Adds an argument that stands for `output`.
absl::Status CopyAsArgument(Output output, Function& to, OutputMap& copies);
// The copies of `outputs`, which there are.
std::vector<Output> Mapped(const std::vector<Output>& outputs, const OutputMap& copies);

}  // namespace viv

#endif  // VIV_CORE_OPS_FUNCTION_COPY_H_
