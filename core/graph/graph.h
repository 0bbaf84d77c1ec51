// Nodes and graphs: structure only. A node applies an op to outputs of other nodes of the same
// graph.
#ifndef VIV_CORE_GRAPH_GRAPH_H_
#define VIV_CORE_GRAPH_GRAPH_H_

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/op_def.h"

namespace viv {

class Graph;
class Node;

// Output `index` of `node`. Index -1 stands for the node itself: a target of a run without a value,
// or a control dependency. A null node is no output (an error of the builder, an absent gradient).
struct Output {
  static constexpr int kControl = -1;

  Output() = default;
  Output(Node* node, int index) : node(node), index(index) {}

  bool valid() const { return node != nullptr; }
  // Both need a valid output with index >= 0.
  DType dtype() const;
  const PartialShape& shape() const;
  // "encoder/MatMul:0", "train/Sgd" for a control output.
  std::string name() const;

  friend bool operator==(const Output& a, const Output& b) {
    return a.node == b.node && a.index == b.index;
  }
  friend bool operator<(const Output& a, const Output& b);

  Node* node = nullptr;
  int index = 0;
};

// The line of the program that built a node.
struct CallSite {
  std::string file;
  int line = 0;
  // "models/vision/inception.cc:48"; "" where it is not known.
  std::string ToString() const;
};

class Node {
 public:
  int id() const { return id_; }
  // Unique in its graph; scopes are separated by '/'.
  const std::string& name() const { return name_; }
  const OpDef& op() const { return *op_; }
  const std::string& op_name() const { return op_->name; }
  const AttrMap& attrs() const { return attrs_; }
  // A full or partial device name, or "" for anywhere.
  const std::string& device() const { return device_; }
  void set_device(std::string device) { device_ = std::move(device); }
  const CallSite& site() const { return site_; }
  // Whether gradients compute the results again where that is cheap, in place of keeping them
  // (core/autodiff/recomputation.h). Files do not hold it.
  bool recomputed() const { return recomputed_; }
  Graph& graph() const { return *graph_; }

  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  const Output& input(int i) const { return inputs_[i]; }
  const std::vector<Output>& inputs() const { return inputs_; }
  const std::vector<Node*>& control_inputs() const { return control_inputs_; }

  int num_outputs() const { return static_cast<int>(output_types_.size()); }
  DType output_type(int i) const { return output_types_[i]; }
  const PartialShape& output_shape(int i) const { return output_shapes_[i]; }
  // Output i of this node.
  Output out(int i = 0) { return Output(this, i); }

  // For passes; types and shapes are the caller's care.
  void ReplaceInput(int i, Output output) { inputs_[i] = output; }
  void AddControlInput(Node* node);
  void ClearControlInputs() { control_inputs_.clear(); }
  void set_output_shape(int i, PartialShape shape) { output_shapes_[i] = std::move(shape); }
  // Appends an output; the attributes that say how many there are are the caller's care.
  Output AddOutput(DType dtype, PartialShape shape);
  void set_attr(const std::string& name, AttrValue value) { attrs_.Set(name, std::move(value)); }

  // "MatMul 'encoder/MatMul' (models/x.cc:12)", to begin a message with.
  std::string Describe() const;

 private:
  friend class Graph;
  Node() = default;

  int id_ = 0;
  std::string name_;
  const OpDef* op_ = nullptr;
  AttrMap attrs_;
  std::string device_;
  CallSite site_;
  bool recomputed_ = false;
  Graph* graph_ = nullptr;
  std::vector<Output> inputs_;
  std::vector<Node*> control_inputs_;
  std::vector<DType> output_types_;
  std::vector<PartialShape> output_shapes_;
};

class Function;

// The functions that a graph and the bodies of its functions refer to, by name.
class FunctionLibrary {
 public:
  FunctionLibrary();
  ~FunctionLibrary();
  // Null where there is none.
  const Function* Find(const std::string& name) const;
  Function* FindMutable(const std::string& name);
  // AlreadyExists for a second one of a name.
  absl::Status Add(std::unique_ptr<Function> function);
  std::string UniqueName(const std::string& base) const;
  const std::map<std::string, std::unique_ptr<Function>>& functions() const { return functions_; }

 private:
  std::map<std::string, std::unique_ptr<Function>> functions_;
};

// All that makes a node, checked by Graph::AddNode.
struct NodeSpec {
  std::string op;
  // Empty: the op's name. Made unique.
  std::string name;
  std::vector<Output> inputs;
  std::vector<Node*> control_inputs;
  AttrMap attrs;
  std::string device;
  CallSite site;
  bool recomputed = false;
};

// Nodes in the order of their making, which is a topological order until a pass changes inputs.
// Not safe for concurrent changes.
class Graph {
 public:
  Graph();
  explicit Graph(std::shared_ptr<FunctionLibrary> library);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  // Checks inputs, types and attributes against the op, fills in defaults and infers types and
  // shapes. The error names op, name and call site.
  absl::StatusOr<Node*> AddNode(NodeSpec spec);

  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  // Null where there is none.
  Node* FindNode(const std::string& name) const;
  // "encoder/MatMul:1"; without a colon, output 0, or the node itself where it has none.
  absl::StatusOr<Output> FindOutput(const std::string& name) const;
  std::string UniqueName(const std::string& base);

  FunctionLibrary& library() const { return *library_; }
  const std::shared_ptr<FunctionLibrary>& shared_library() const { return library_; }

  // Nodes such that each follows its data and control inputs; of several orders the one that keeps
  // to the order of making. InvalidArgument (naming a node) where there is a cycle.
  absl::StatusOr<std::vector<Node*>> TopologicalOrder() const;
  // Makes every consumer of `from` (other than `except`) use `to`.
  void ReplaceUses(Output from, Output to, const Node* except = nullptr);
  // Removes all nodes that are not marked by id.
  void KeepOnly(const std::vector<bool>& keep);

 private:
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unordered_map<std::string, Node*> by_name_;
  std::unordered_map<std::string, int> next_suffix_;
  std::shared_ptr<FunctionLibrary> library_;
};

// A graph with arguments and results: the body of a Cond, Scan or While. The arguments are nodes of
// op "Argument".
class Function {
 public:
  // `library` outlives the function, which it will own: the body does not keep it alive.
  Function(std::string name, const std::shared_ptr<FunctionLibrary>& library)
      : name_(std::move(name)),
        body_(std::make_unique<Graph>(
            std::shared_ptr<FunctionLibrary>(std::shared_ptr<void>(), library.get()))) {}

  const std::string& name() const { return name_; }
  Graph& body() const { return *body_; }
  const std::vector<Node*>& arguments() const { return arguments_; }
  const std::vector<Output>& results() const { return results_; }

  absl::StatusOr<Output> AddArgument(DType dtype, const PartialShape& shape, const CallSite& site);
  void set_results(std::vector<Output> results) { results_ = std::move(results); }
  void set_arguments(std::vector<Node*> arguments) { arguments_ = std::move(arguments); }

 private:
  std::string name_;
  std::unique_ptr<Graph> body_;
  std::vector<Node*> arguments_;
  std::vector<Output> results_;
};

}  // namespace viv

#endif  // VIV_CORE_GRAPH_GRAPH_H_
