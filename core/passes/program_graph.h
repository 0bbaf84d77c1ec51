// The graph of one program: a copy of the part of a graph that computes some fetches from some
// feeds, which passes may rewrite without touching the graph it came from. Names are kept: they are
// the keys of variables and of random numbers.
#ifndef VIV_CORE_PASSES_PROGRAM_GRAPH_H_
#define VIV_CORE_PASSES_PROGRAM_GRAPH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/graph/graph.h"

namespace viv {

// Not safe for concurrent use.
class ProgramGraph {
 public:
  // Input `input` of `node`.
  struct Use {
    Node* node = nullptr;
    int input = 0;
  };

  // The nodes of `source` that `fetches` need where `feeds` are given. A fed output becomes a
  // Placeholder of its type and shape. Feeds and fetches are outputs of `source`.
  static absl::StatusOr<std::unique_ptr<ProgramGraph>> Create(const Graph& source,
                                                              const std::vector<Output>& feeds,
                                                              const std::vector<Output>& fetches);

  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  // In the order that Create was given, as outputs of this graph.
  const std::vector<Output>& feeds() const { return feeds_; }
  const std::vector<Output>& fetches() const { return fetches_; }
  bool IsFeed(const Node* node) const;

  // Each node after its inputs and control inputs; a node that a pass made stands where the one it
  // was made for stood. InvalidArgument where there is a cycle.
  absl::StatusOr<std::vector<Node*>> Order() const;

  // Adds a node; where `spec` names none, name, device and call site are those of `like`, near
  // which it is put.
  absl::StatusOr<Node*> Add(NodeSpec spec, const Node& like);
  // A constant in the place of `like`.
  absl::StatusOr<Output> AddConstant(Tensor value, const Node& like);
  // Makes all consumers and fetches of `from` use `to`, which has the same type. Only for outputs
  // of nodes that are Replaceable().
  void Replace(Output from, Output to);
  void ReplaceInput(Node* node, int i, Output to);

  // How many inputs and fetches use the output.
  int CountUses(Output output) const;
  // The inputs that use an output of the node, in no particular order.
  const std::vector<Use>& UsesOf(const Node* node) const;
  // Whether no control edge begins or ends at the node.
  bool Detached(const Node& node) const;
  // Whether the node's outputs may be computed in another way: it has no effect, draws no random
  // numbers, and no control edge begins or ends at it.
  bool Replaceable(const Node& node) const;

  // Drops the nodes that nothing fetched depends on; feeds stay.
  void Prune();

 private:
  explicit ProgramGraph(std::shared_ptr<FunctionLibrary> library) : graph_(std::move(library)) {}

  absl::Status Copy(const Graph& source, const std::vector<Output>& feeds,
                    const std::vector<Output>& fetches);
  void Index(Node* node);
  void Forget(const Use& use);

  Graph graph_;
  std::vector<Output> feeds_;
  std::vector<Output> fetches_;
  std::unordered_map<const Node*, std::vector<Use>> uses_;
  // Control edges that begin at the node, and fetches of it as a target.
  std::unordered_map<const Node*, int> followers_;
  // Where a node stands in the order, if its inputs allow it.
  std::unordered_map<const Node*, int64_t> rank_;
};

// Whether the node's outputs depend on nothing but its inputs; looks into the functions that its
// attributes name.
bool IsPure(const Node& node);
// The value of an output of a Const node, else null.
const Tensor* ConstantOf(const Output& output);

}  // namespace viv

#endif  // VIV_CORE_PASSES_PROGRAM_GRAPH_H_
