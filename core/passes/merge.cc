// Common sub-expressions: of nodes with the same op, attributes and inputs, one is computed.
#include <algorithm>
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/passes/optimize.h"

namespace viv {
namespace {

bool Commutes(const Node& node) { return node.op_name() == "Add" || node.op_name() == "Mul"; }

std::vector<Output> OrderedInputs(const Node& node) {
  std::vector<Output> inputs = node.inputs();
  if (Commutes(node)) std::sort(inputs.begin(), inputs.end());
  return inputs;
}

// Tells most tensors apart without reading all of a large one.
std::string TensorKey(const Tensor& value) {
  constexpr size_t kMaxBytes = 1024;
  const std::string type = absl::StrCat(DTypeName(value.dtype()), value.shape().ToString());
  if (value.dtype() == kString || value.bytes() == 0) return type;
  const absl::string_view start(static_cast<const char*>(value.raw()),
                                std::min(value.bytes(), kMaxBytes));
  return absl::StrCat(type, "#", absl::Hex(HashString64(start)));
}

// Equal for nodes that compute the same.
std::string Key(const Node& node) {
  std::string key = absl::StrCat(node.op_name(), "@", node.device());
  for (const Output& input : OrderedInputs(node)) {
    absl::StrAppend(&key, " ", input.node->id(), ":", input.index);
  }
  for (const auto& [name, value] : node.attrs()) {
    const Tensor* tensor = value.get<Tensor>();
    absl::StrAppend(&key, " ", name, "=", tensor ? TensorKey(*tensor) : value.ToString());
  }
  return key;
}

bool Same(const Node& a, const Node& b) {
  return a.op_name() == b.op_name() && a.device() == b.device() &&
         OrderedInputs(a) == OrderedInputs(b) && a.attrs() == b.attrs();
}

}  // namespace

absl::StatusOr<int> MergeEqualNodes(ProgramGraph& graph) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph.Order());
  std::unordered_map<std::string, std::vector<Node*>> seen;
  int merged = 0;
  for (Node* node : order) {
    if (node->num_outputs() == 0 || !graph.Replaceable(*node)) continue;
    std::vector<Node*>& candidates = seen[Key(*node)];
    const auto twin = std::find_if(candidates.begin(), candidates.end(),
                                   [node](const Node* other) { return Same(*node, *other); });
    if (twin == candidates.end()) {
      candidates.push_back(node);
      continue;
    }
    bool used = false;
    for (int i = 0; i < node->num_outputs(); ++i) {
      used = used || graph.CountUses(node->out(i)) > 0;
      graph.Replace(node->out(i), (*twin)->out(i));
    }
    merged += used;
  }
  return merged;
}

}  // namespace viv
