// The nodes that one executor runs, in order, and a number (slot) for every tensor among them.
// Fixed when the program is made; what depends on concrete shapes is in launch_plan.h.
#ifndef VIV_CORE_RUNTIME_SLOT_TABLE_H_
#define VIV_CORE_RUNTIME_SLOT_TABLE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/device/kernel.h"
#include "core/graph/graph.h"

namespace viv {

struct Slot {
  enum class Kind {
    kComputed,  // by the node at `position`
    kFeed,      // index: of the feed
    kConstant,  // index: into constants()
    kVariable,  // a snapshot; index: into variables()
    kHandle,    // the variable itself; index: into variables()
  };
  Kind kind = Kind::kComputed;
  int index = 0;
  DType dtype = DType::kInvalid;
  // As far as known when the program was made.
  PartialShape shape;
  // Of the node that computes it; -1 for the others.
  int position = -1;
  // Of the last node that uses it.
  int last_node = -1;
  bool fetched = false;
};

// One node that runs (or only gives shapes, where its kernel is an alias).
struct OrderedNode {
  Node* node = nullptr;
  std::vector<int> inputs;   // slots
  std::vector<int> outputs;  // slots
  // The values of the op's type variables, by which kernels are chosen.
  std::vector<std::pair<std::string, DType>> types;
  const KernelDef* kernel = nullptr;
};

class SlotTable {
 public:
  // `order`: the nodes of the executor in an order in which each follows its inputs. Updates are
  // moved behind all others. Errors: an op without a kernel on the device, a node that is to run
  // after an update, an input that is neither computed here nor fed.
  static absl::StatusOr<SlotTable> Create(const std::vector<Node*>& order,
                                          const std::vector<Output>& feeds,
                                          const std::vector<Output>& fetches,
                                          const std::string& device_type);

  const std::vector<OrderedNode>& nodes() const { return nodes_; }
  // Position of the first update: those from here on run in the commit phase.
  int commit_begin() const { return commit_begin_; }
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Tensor>& constants() const { return constants_; }
  // Nodes of op Variable.
  const std::vector<Node*>& variables() const { return variables_; }
  // Slots of the fetches; -1 for targets.
  const std::vector<int>& fetches() const { return fetches_; }
  // Slots that nodes from `position` on use and that exist before it, constants and handles left
  // out.
  std::vector<int> Needed(int position) const;

 private:
  absl::Status AddSource(Node* node);
  absl::Status AddNode(Node* node, const std::string& device_type);
  absl::Status Collect(const std::vector<Node*>& order, const std::vector<Output>& feeds,
                       const std::string& device_type);
  int AddSlot(Output output, Slot::Kind kind, int index);
  int VariableIndex(Node* node);

  std::vector<OrderedNode> nodes_;
  int commit_begin_ = 0;
  std::vector<Slot> slots_;
  std::map<Output, int> slot_of_;
  std::vector<Tensor> constants_;
  std::vector<Node*> variables_;
  std::vector<int> fetches_;
};

// Whether the node changes variables: then it runs in the commit phase.
bool IsUpdate(const Node& node);
// Whether the node never runs: its outputs are bound, or it has none.
bool IsSource(const Node& node);
// The nodes that must have run before this one because of control edges; it looks through those
// that never run.
std::vector<Node*> Predecessors(const Node& node);
// The values of the op's type variables for a node.
std::vector<std::pair<std::string, DType>> BoundTypes(const Node& node);

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_SLOT_TABLE_H_
