// Orders of a graph's nodes in which each stands behind those that it reads and waits for.
#ifndef VIV_CORE_GRAPH_TOPOLOGICAL_ORDER_H_
#define VIV_CORE_GRAPH_TOPOLOGICAL_ORDER_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace viv {

// `before`: a strict order of nodes, which decides where several could come next. InvalidArgument
// names a node of a cycle, or one behind it.
absl::StatusOr<std::vector<Node*>> TopologicalOrder(
    const Graph& graph, absl::FunctionRef<bool(const Node*, const Node*)> before);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_TOPOLOGICAL_ORDER_H_
