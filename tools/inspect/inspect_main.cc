// Tells what is in a graph file, a model bundle or a folder of checkpoints.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/bundle/bundle.h"
#include "core/c_api/vivarium.h"
#include "core/checkpoint/checkpoint.h"
#include "core/graph/dot.h"
#include "core/graph/graph_def.h"

namespace viv {
namespace {

constexpr char kHelp[] =
    "inspect PATH [--dot] [--ops LIBRARY]...\n"
    "\n"
    "PATH is a graph file, a model bundle or a folder of checkpoints.\n"
    "  --dot          the graph as a picture for Graphviz: | dot -Tsvg > graph.svg\n"
    "  --ops LIBRARY  loads ops from outside of the tree before\n"
    "\n"
    "build/bin/inspect pretrained/translate_en_fr\n";

std::string Describe(const Output& output) {
  if (output.index < 0) return "a target";
  return absl::StrCat(DTypeName(output.dtype()), output.shape().ToString());
}

void PrintEnds(const char* what, const std::map<std::string, Output>& ends) {
  for (const auto& [name, output] : ends) {
    std::printf("  %s %s: %s (%s)\n", what, name.c_str(), Describe(output).c_str(),
                output.name().c_str());
  }
}

void CountOps(const Graph& graph, std::map<std::string, int>* counts) {
  for (const auto& node : graph.nodes()) ++(*counts)[node->op_name()];
}

void PrintGraph(const LoadedGraph& loaded) {
  const Graph& graph = *loaded.graph;
  std::map<std::string, int> counts;
  CountOps(graph, &counts);
  const auto& functions = graph.library().functions();
  for (const auto& [name, function] : functions) CountOps(function->body(), &counts);
  std::printf("graph: %zu nodes, %zu functions, written by %s\n", graph.nodes().size(),
              functions.size(), loaded.producer.c_str());
  for (const auto& [name, signature] : loaded.signatures) {
    std::printf("signature %s\n", name.c_str());
    PrintEnds("feed", signature.feeds);
    PrintEnds("fetch", signature.fetches);
  }
  int64_t parameters = 0;
  for (const auto& node : graph.nodes()) {
    if (node->op_name() != "Variable") continue;
    std::printf("variable %s: %s%s\n", node->name().c_str(), DTypeName(node->attrs().Type("dtype")),
                node->output_shape(0).ToString().c_str());
    parameters += std::max<int64_t>(node->output_shape(0).num_elements(), 0);
  }
  std::printf("elements of all variables: %lld\n", static_cast<long long>(parameters));
  for (const auto& [op, count] : counts) std::printf("op %s: %d\n", op.c_str(), count);
}

void PrintTensors(const NamedTensors& tensors) {
  size_t bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    std::printf("tensor %s: %s%s\n", name.c_str(), DTypeName(tensor.dtype()),
                tensor.shape().ToString().c_str());
    bytes += tensor.bytes();
  }
  std::printf("bytes of all tensors: %zu\n", bytes);
}

void InspectGraph(const LoadedGraph& loaded, bool dot) {
  if (dot) {
    std::fputs(ToDot(*loaded.graph).c_str(), stdout);
  } else {
    PrintGraph(loaded);
  }
}

absl::Status InspectBundle(const std::string& path, bool dot) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(Env::Default(), path, /*kind=*/""));
  LoadedGraph loaded;
  if (dot || HasGraph(bundle)) {
    absl::StatusOr<LoadedGraph> read = ReadGraph(bundle);
    if (!read.ok()) return Annotate(read.status(), path);
    loaded = *std::move(read);
  }
  if (!dot) {
    std::printf("bundle: %s%s\n", bundle.kind.c_str(),
                bundle.non_commercial ? ", non-commercial" : "");
    for (const auto& [name, value] : bundle.settings) {
      std::printf("setting %s: %s\n", name.c_str(), value.c_str());
    }
    for (const auto& [name, contents] : bundle.files) {
      std::printf("file %s: %zu bytes\n", name.c_str(), contents.size());
    }
    PrintTensors(bundle.weights);
  }
  if (loaded.graph != nullptr) InspectGraph(loaded, dot);
  return absl::OkStatus();
}

absl::Status InspectCheckpoints(const std::string& path) {
  const CheckpointStore store(Env::Default(), path);
  ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.Steps());
  for (const int64_t step : steps) {
    const absl::Status status = store.Load(step).status();
    std::printf("checkpoint of step %lld: %s\n", static_cast<long long>(step),
                status.ok() ? "whole" : std::string(status.message()).c_str());
  }
  ASSIGN_OR_RETURN(const Checkpoint latest, store.LoadLatest());
  for (const auto& [name, value] : latest.conditions) {
    std::printf("condition %s: %s\n", name.c_str(), value.c_str());
  }
  for (const auto& [name, value] : latest.texts) {
    std::printf("text %s: %s\n", name.c_str(), value.c_str());
  }
  PrintTensors(latest.tensors);
  return absl::OkStatus();
}

absl::Status Inspect(const std::string& path, bool dot) {
  Env* const env = Env::Default();
  if (env->FileExists(JoinPath(path, "bundle.json"))) return InspectBundle(path, dot);
  if (env->ListDir(path).ok()) {
    const CheckpointStore store(env, path);
    ASSIGN_OR_RETURN(const std::vector<int64_t> steps, store.Steps());
    if (!dot && !steps.empty()) return InspectCheckpoints(path);
    return absl::InvalidArgumentError(
        absl::StrCat(path, dot ? " holds no graph" : " is neither a bundle nor of checkpoints"));
  }
  ASSIGN_OR_RETURN(const LoadedGraph loaded, LoadGraph(env, path));
  InspectGraph(loaded, dot);
  return absl::OkStatus();
}

int Main(const std::vector<std::string>& arguments) {
  std::string path;
  bool dot = false;
  VivStatus* const status = VivStatusNew();
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") return std::fputs(kHelp, stdout), 0;
    if (argument == "--dot") {
      dot = true;
    } else if (argument == "--ops" && i + 1 < arguments.size()) {
      if (VivLoadLibrary(arguments[++i].c_str(), status) != VIV_OK) {
        return std::fprintf(stderr, "error: %s\n", VivStatusMessage(status)), 1;
      }
    } else if (absl::StartsWith(argument, "--") || !path.empty()) {
      return std::fprintf(stderr, "error: what is '%s'?\n\n%s", arguments[i].c_str(), kHelp), 2;
    } else {
      path = arguments[i];
    }
  }
  VivStatusFree(status);
  if (path.empty()) return std::fputs(kHelp, stderr), 2;
  const absl::Status result = Inspect(path, dot);
  if (result.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(result.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  return viv::Main(std::vector<std::string>(argv + 1, argv + argc));
}
