// Numbers the tensors of an executor and finds the kernels of its nodes.
#include "core/runtime/slot_table.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/node_types.h"

namespace viv {

bool IsUpdate(const Node& node) { return node.op().updates > 0; }

bool IsSource(const Node& node) {
  const std::string& op = node.op_name();
  return op == "Const" || op == "Variable" || op == "ReadVariable" || op == "Placeholder" ||
         op == "Argument" || op == "Group";
}

std::vector<Node*> Predecessors(const Node& node) {
  std::vector<Node*> found;
  std::vector<const Node*> stack = {&node};
  std::set<const Node*> seen;
  while (!stack.empty()) {
    const Node* next = stack.back();
    stack.pop_back();
    for (Node* control : next->control_inputs()) {
      if (!seen.insert(control).second) continue;
      if (IsSource(*control)) {
        stack.push_back(control);
      } else {
        found.push_back(control);
      }
    }
  }
  return found;
}

namespace {

absl::Status CheckNothingFollowsUpdates(const std::vector<Node*>& order) {
  for (const Node* node : order) {
    if (IsUpdate(*node) || node->op_name() == "Group") continue;
    for (const Node* control : Predecessors(*node)) {
      if (IsUpdate(*control)) {
        return absl::InvalidArgumentError(
            absl::StrCat(node->Describe(), " is to run after the update '", control->name(),
                         "', but updates are committed at the end of a run: use a second run"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::pair<std::string, DType>> BoundTypes(const Node& node) {
  const OpDef& op = node.op();
  std::map<std::string, DType> bound;
  for (int i = 0; i < node.num_inputs(); ++i) {
    const TypeSpec& type = op.inputs[InputDefIndex(op, node.num_inputs(), i)].type;
    bool wide = false;
    const std::string variable = TypeVariableOf(type, &wide);
    if (!variable.empty() && !type.any() && !wide) bound.emplace(variable, node.input(i).dtype());
  }
  for (const AttrDef& attr : op.attrs) {
    if (attr.type == AttrType::kType) bound.emplace(attr.name, node.attrs().Type(attr.name));
  }
  return {bound.begin(), bound.end()};
}

int SlotTable::AddSlot(Output output, Slot::Kind kind, int index) {
  Slot slot;
  slot.kind = kind;
  slot.index = index;
  slot.dtype = output.dtype();
  slot.shape = output.shape();
  slots_.push_back(std::move(slot));
  return slot_of_[output] = static_cast<int>(slots_.size()) - 1;
}

int SlotTable::VariableIndex(Node* node) {
  const auto it = std::find(variables_.begin(), variables_.end(), node);
  if (it != variables_.end()) return static_cast<int>(it - variables_.begin());
  variables_.push_back(node);
  return static_cast<int>(variables_.size()) - 1;
}

absl::Status SlotTable::AddSource(Node* node) {
  const std::string& op = node->op_name();
  if (op == "Group") return absl::OkStatus();
  if (slot_of_.count(node->out()) > 0) return absl::OkStatus();  // fed
  if (op == "Const") {
    constants_.push_back(node->attrs().TensorAttr("value"));
    AddSlot(node->out(), Slot::Kind::kConstant, static_cast<int>(constants_.size()) - 1);
  } else if (op == "Variable") {
    AddSlot(node->out(), Slot::Kind::kHandle, VariableIndex(node));
  } else if (op == "ReadVariable") {
    AddSlot(node->out(), Slot::Kind::kVariable, VariableIndex(node->input(0).node));
  } else {
    return absl::InvalidArgumentError(absl::StrCat(node->Describe(), " must be fed"));
  }
  return absl::OkStatus();
}

absl::Status SlotTable::AddNode(Node* node, const std::string& device_type) {
  OrderedNode ordered;
  ordered.node = node;
  const int position = static_cast<int>(nodes_.size());
  for (const Output& input : node->inputs()) {
    const auto it = slot_of_.find(input);
    if (it == slot_of_.end()) {
      return absl::InternalError(
          absl::StrCat(node->Describe(), ": input '", input.name(), "' is not computed"));
    }
    ordered.inputs.push_back(it->second);
    Slot& slot = slots_[it->second];
    slot.last_node = std::max(slot.last_node, position);
  }
  for (int i = 0; i < node->num_outputs(); ++i) {
    // A fed output of a node that runs for another output gets a slot that nobody reads.
    const bool fed = slot_of_.count(node->out(i)) > 0;
    const int kept = fed ? slot_of_[node->out(i)] : -1;
    ordered.outputs.push_back(AddSlot(node->out(i), Slot::Kind::kComputed, 0));
    slots_.back().position = position;
    if (fed) slot_of_[node->out(i)] = kept;
  }
  ordered.types = BoundTypes(*node);
  absl::StatusOr<const KernelDef*> kernel =
      KernelRegistry::Global().Find(node->op_name(), device_type, ordered.types);
  if (!kernel.ok()) return Annotate(kernel.status(), node->Describe());
  ordered.kernel = *kernel;
  nodes_.push_back(std::move(ordered));
  return absl::OkStatus();
}

absl::Status SlotTable::Collect(const std::vector<Node*>& order, const std::vector<Output>& feeds,
                                const std::string& device_type) {
  for (size_t i = 0; i < feeds.size(); ++i) {
    AddSlot(feeds[i], Slot::Kind::kFeed, static_cast<int>(i));
  }
  for (const bool updates : {false, true}) {
    if (updates) commit_begin_ = static_cast<int>(nodes_.size());
    for (Node* node : order) {
      if (IsUpdate(*node) != updates) continue;
      if (IsSource(*node)) {
        RETURN_IF_ERROR(AddSource(node));
      } else {
        RETURN_IF_ERROR(AddNode(node, device_type));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SlotTable> SlotTable::Create(const std::vector<Node*>& order,
                                            const std::vector<Output>& feeds,
                                            const std::vector<Output>& fetches,
                                            const std::string& device_type) {
  RETURN_IF_ERROR(CheckNothingFollowsUpdates(order));
  SlotTable table;
  RETURN_IF_ERROR(table.Collect(order, feeds, device_type));
  for (const Output& fetch : fetches) {
    if (fetch.index == Output::kControl) {
      table.fetches_.push_back(-1);
      continue;
    }
    const auto it = table.slot_of_.find(fetch);
    if (it == table.slot_of_.end()) {
      return absl::InternalError(absl::StrCat("fetch '", fetch.name(), "' is not computed"));
    }
    if (fetch.dtype() == kResource) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", fetch.name(), "' is a variable: fetch its read"));
    }
    table.slots_[it->second].fetched = true;
    table.fetches_.push_back(it->second);
  }
  return table;
}

std::vector<int> SlotTable::Needed(int position) const {
  std::vector<int> needed;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    const bool is_value = slot.kind != Slot::Kind::kConstant && slot.kind != Slot::Kind::kHandle;
    if (is_value && slot.position < position && slot.last_node >= position) {
      needed.push_back(static_cast<int>(i));
    }
  }
  return needed;
}

}  // namespace viv
