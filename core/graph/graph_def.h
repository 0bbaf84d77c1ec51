// Graphs in files: Protocol Buffers (graph_def.proto) with nodes, functions, and names for what a
// user of the graph feeds and fetches. The values of variables are not in it: they lie beside it,
// in safetensors.
//
// A file is from a stranger. Whatever its bytes are, reading it gives a graph that passed every
// check that a graph under construction passes, or an error that names the node; never an abort,
// and memory in proportion to the file.
//
// Versions: a writer notes its own format and the oldest one whose readers understand the file. A
// reader refuses what needs a later one; fields that it does not know it passes over.
// Attributes are all written, defaults too; one that a file lacks gets its op's default, so
// a new attribute with the old meaning as its default needs no new version.
#ifndef VIV_CORE_GRAPH_GRAPH_DEF_H_
#define VIV_CORE_GRAPH_GRAPH_DEF_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/graph/graph.h"

namespace viv {

inline constexpr int kGraphFormat = 1;

// Names for one way to use a graph: what is fed and what is fetched (targets, too).
struct Signature {
  std::map<std::string, Output> feeds;
  std::map<std::string, Output> fetches;
};
using Signatures = std::map<std::string, Signature>;

struct LoadedGraph {
  std::unique_ptr<Graph> graph;
  Signatures signatures;
  // Who wrote the file, for people.
  std::string producer;
};

// What a reader puts up with.
struct GraphLimits {
  int64_t max_bytes = int64_t{1} << 30;
  // Fields of all messages: what bounds memory where they are small.
  int64_t max_fields = int64_t{16} << 20;
  // Functions that use functions that use ...
  int max_function_depth = 64;
  // Nodes, counted again for each use of the function that they are in.
  int64_t max_expanded_nodes = int64_t{4} << 20;
};

// The bytes of a graph with its functions; the same graph gives the same bytes. InvalidArgument for
// what a file cannot hold: names that are no text, attributes that passes noted, a cycle, more than
// 2 GB, functions that use each other in a circle.
absl::StatusOr<std::string> EncodeGraph(const Graph& graph, const Signatures& signatures = {});
// DataLoss for bytes that are no graph, FailedPrecondition for a later format, ResourceExhausted
// beyond the limits, NotFound for an unknown op, InvalidArgument for all else.
absl::StatusOr<LoadedGraph> DecodeGraph(absl::string_view bytes, const GraphLimits& limits = {});

// The same with a file, which is replaced whole or not at all. Errors begin with the path.
absl::Status SaveGraph(Env* env, const std::string& path, const Graph& graph,
                       const Signatures& signatures = {});
absl::StatusOr<LoadedGraph> LoadGraph(Env* env, const std::string& path,
                                      const GraphLimits& limits = {});

// InvalidArgument for a name that files do not hold: an empty or very long one, one with control
// characters or that is not UTF-8. `what` says whose name it is.
absl::Status CheckName(absl::string_view what, absl::string_view name);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_GRAPH_DEF_H_
