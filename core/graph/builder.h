// GraphBuilder: how programs write graphs. Builder functions (core/ops/*.h) add nodes through it.
// The first error is kept with the line that caused it; what is built on a failed output is
// skipped, so a program checks once, at the end.
#ifndef VIV_CORE_GRAPH_BUILDER_H_
#define VIV_CORE_GRAPH_BUILDER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace viv {

class BuilderRef;

// A cheap value: copies and scopes share the graph and the first error. Not safe for concurrent
// use.
class GraphBuilder {
 public:
  // A new, empty graph.
  GraphBuilder();
  // Adds to `graph`, which outlives the builder.
  explicit GraphBuilder(Graph* graph);
  // Adds to `graph`, not null, and keeps it: one that was loaded, say.
  explicit GraphBuilder(std::unique_ptr<Graph> graph);

  Graph& graph() const { return *state_->graph; }
  // The first error, beginning with its call site.
  const absl::Status& status() const { return state_->status; }
  bool ok() const { return state_->status.ok(); }
  // Keeps `status` if it is the first error. For builder functions that check on their own.
  void SetError(const absl::Status& status, const CallSite& site) const;

  // Builders for the same graph whose nodes are named "<scope>/...", ...
  GraphBuilder Scope(const std::string& name) const;
  // ... whose next nodes are named `name`, ...
  GraphBuilder Named(const std::string& name) const;
  // ... carry a device hint ("/device:cpu:1", "/job:ps/task:0") ...
  GraphBuilder OnDevice(const std::string& device) const;
  // ... run after `controls`, ...
  GraphBuilder After(const std::vector<Output>& controls) const;
  // ... are computed again for gradients where that is cheap, which saves memory and costs time
  // (see Node::recomputed), ...
  GraphBuilder Recomputing() const;
  // ... or are said to be built at `site`.
  GraphBuilder At(const CallSite& site) const;

  const std::string& scope() const { return scope_; }
  // The name of the function under construction; "" in a graph that is none.
  std::string function_name() const {
    return state_->function == nullptr ? "" : state_->function->name();
  }

 private:
  friend class BuilderRef;
  friend class FunctionScope;
  struct State {
    Graph* graph = nullptr;
    std::unique_ptr<Graph> owned;
    absl::Status status;
    // Building a function: inputs from the enclosing graph become captured arguments.
    std::shared_ptr<State> outer;
    Function* function = nullptr;
    std::vector<Output> captures;
    std::vector<Output> captured_arguments;
  };
  // `input` as seen from the graph of `state`: itself, or the argument that captures it.
  static absl::StatusOr<Output> Import(State& state, Output input, const CallSite& site);

  std::shared_ptr<State> state_;
  std::string scope_;
  std::string name_;
  std::string device_;
  std::vector<Node*> controls_;
  CallSite site_;
  bool recomputing_ = false;
};

// The first parameter of every builder function: a builder and the line that called the function.
//   Output Relu(BuilderRef b, Output x);      Relu(builder, x)
class BuilderRef {
 public:
  BuilderRef(const GraphBuilder& builder,  // NOLINT: converts at the call
             const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : builder_(&builder), file_(file), line_(line) {}

  const GraphBuilder& builder() const { return *builder_; }
  CallSite site() const;
  // The same call site under a scope; keep the result in a variable while references are in use.
  GraphBuilder Scope(const std::string& name) const { return builder_->At(site()).Scope(name); }
  void SetError(const absl::Status& status) const { builder_->SetError(status, site()); }

  // Adds a node. Null after an error, also after an earlier one. `inputs` may come from the graph
  // around a function under construction: they are captured.
  Node* AddNode(const std::string& op, std::vector<Output> inputs, AttrMap attrs = {}) const;
  // The only or first output of such a node.
  Output Add(const std::string& op, std::vector<Output> inputs, AttrMap attrs = {}) const;
  // The node as a target of runs, for ops without outputs.
  Output AddTarget(const std::string& op, std::vector<Output> inputs, AttrMap attrs = {}) const;
  // All outputs of such a node; `count` invalid ones after an error.
  std::vector<Output> AddMany(const std::string& op, std::vector<Output> inputs, AttrMap attrs,
                              int count) const;

 private:
  const GraphBuilder* builder_;
  const char* file_;
  int line_;
};

// What BuildFunction made: the function's name in the library, and the outputs of the enclosing
// graph that the body uses. They are passed as arguments after the declared ones, in this order.
struct BuiltFunction {
  std::string name;
  std::vector<Output> captures;
  // Types and shapes of the results.
  std::vector<DType> result_types;
  std::vector<PartialShape> result_shapes;
};

struct ArgumentSpec {
  DType dtype;
  PartialShape shape;
};

// Builds the body of a Cond, Scan or While: `body` gets a builder for the function's graph and its
// declared arguments and returns the results. The function is named `name` in the builder's scope.
// Outputs of the enclosing graph may be used freely.
// On an error the builder's status is set and `name` is empty.
using FunctionBody =
    std::function<std::vector<Output>(const GraphBuilder&, const std::vector<Output>&)>;
BuiltFunction BuildFunction(BuilderRef b, const std::string& name,
                            const std::vector<ArgumentSpec>& arguments, const FunctionBody& body);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_BUILDER_H_
