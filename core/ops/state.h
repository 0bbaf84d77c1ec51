// Variables: state that lives in the graph and outlasts a run.
//
// Within one run every read of a variable sees the value from before the run, and all updates are
// committed together at its end, so a run that fails changes nothing.
#ifndef VIV_CORE_OPS_STATE_H_
#define VIV_CORE_OPS_STATE_H_

#include <string>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

struct VariableOptions {
  // Whether optimizers update it.
  bool trainable = true;
};

// A variable node with its initial value and its read. The name is the key in checkpoints.
class Variable {
 public:
  Variable() = default;
  // `initial` is computed by Session::Initialize(); its shape is the variable's.
  Variable(BuilderRef b, const std::string& name, Output initial, VariableOptions options = {});
  // The variable that a node of op "Variable" stands for, e.g. in a loaded graph.
  static absl::StatusOr<Variable> FromNode(Node* node);

  // The value at the start of the run. The same output each time.
  Output Read() const { return read_; }
  // The kResource output, first input of updates.
  Output handle() const { return handle_; }
  // What Session::Initialize() gives it.
  Output initial() const { return initial_; }
  std::string name() const { return handle_.valid() ? handle_.node->name() : ""; }

 private:
  Output handle_;
  Output read_;
  Output initial_;
};

// All variables of a graph in the order of their making; with `trainable_only` those that
// optimizers update.
std::vector<Variable> Variables(const Graph& graph, bool trainable_only);

// Updates are targets of runs (no value). At the end of the run: v = value.
Output Assign(BuilderRef b, const Variable& v, Output value);
// v += delta.
Output AssignAdd(BuilderRef b, const Variable& v, Output delta);
// A target that stands for all of `targets`.
Output Group(BuilderRef b, const std::vector<Output>& targets);

}  // namespace viv

#endif  // VIV_CORE_OPS_STATE_H_
