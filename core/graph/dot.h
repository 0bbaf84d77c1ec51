// Pictures of graphs.
#ifndef VIV_CORE_GRAPH_DOT_H_
#define VIV_CORE_GRAPH_DOT_H_

#include <string>

#include "core/graph/graph.h"

namespace viv {

// The graph and its functions in the language of Graphviz (`dot -Tsvg`): scopes are boxes, edges
// carry types and shapes, control edges are dashed.
std::string ToDot(const Graph& graph);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_DOT_H_
