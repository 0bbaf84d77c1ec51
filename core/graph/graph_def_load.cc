// Reading graphs: a file from a stranger is checked before, while and after nodes are made of it.
#include <algorithm>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/attr_def.h"
#include "core/graph/graph_def.h"
#include "core/graph/graph_def.pb.h"
#include "core/graph/graph_def_scan.h"

namespace viv {
namespace {

using NodeDefs = google::protobuf::RepeatedPtrField<proto::NodeDef>;

// What a function costs those that use it.
struct FunctionCost {
  int depth = 1;
  int64_t nodes = 0;
};

// What is known while a file is read.
struct Reading {
  const GraphLimits& limits;
  std::shared_ptr<FunctionLibrary> library = std::make_shared<FunctionLibrary>();
  // All functions of the file by name, read or not.
  std::set<std::string> declared;
  std::unordered_map<std::string, FunctionCost> costs;
  // All nodes, counted once for each use.
  int64_t expanded_nodes = 0;
};

absl::Status CheckOptionalName(absl::string_view what, const std::string& name) {
  return name.empty() ? absl::OkStatus() : CheckName(what, name);
}

// "name:3" as ("name", 3).
absl::StatusOr<std::pair<std::string, int>> SplitOutput(const std::string& text) {
  const size_t colon = text.rfind(':');
  int index = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(text.substr(colon + 1), &index)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no output: it has no number"));
  }
  return std::make_pair(text.substr(0, colon), index);
}

// The nodes of one graph or function, added in an order that puts each after its inputs.
class NodeReader {
 public:
  NodeReader(const NodeDefs& defs, Graph* graph, Reading* reading, FunctionCost* cost)
      : defs_(defs), graph_(graph), reading_(reading), cost_(cost) {}

  absl::Status Read() {
    for (int i = 0; i < defs_.size(); ++i) {
      RETURN_IF_ERROR(Annotate(CheckNames(defs_[i]), absl::StrCat("node ", i)));
      if (!by_name_.emplace(defs_[i].name(), i).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("there are two nodes '", defs_[i].name(), "'"));
      }
    }
    inputs_.resize(defs_.size());
    consumers_.resize(defs_.size());
    waiting_.resize(defs_.size());
    nodes_.resize(defs_.size());
    for (int i = 0; i < defs_.size(); ++i) {
      RETURN_IF_ERROR(Annotate(Link(i), absl::StrCat("node '", defs_[i].name(), "'")));
    }
    return AddAll();
  }

 private:
  static absl::Status CheckNames(const proto::NodeDef& def) {
    RETURN_IF_ERROR(CheckName("node", def.name()));
    const auto check = [&def]() -> absl::Status {
      RETURN_IF_ERROR(CheckName("op", def.op()));
      RETURN_IF_ERROR(CheckOptionalName("device", def.device()));
      return CheckOptionalName("source file", def.file());
    };
    return Annotate(check(), absl::StrCat("'", def.name(), "'"));
  }

  absl::StatusOr<int> Find(const std::string& name) const {
    const auto it = by_name_.find(name);
    if (it != by_name_.end()) return it->second;
    return absl::InvalidArgumentError(absl::StrCat("there is no node '", name, "'"));
  }

  void Follow(int node, int input) {
    consumers_[input].push_back(node);
    ++waiting_[node];
  }

  // Finds the nodes that node i's inputs name.
  absl::Status Link(int i) {
    for (const std::string& text : defs_[i].input()) {
      RETURN_IF_ERROR(CheckName("input", text));
      ASSIGN_OR_RETURN(const auto split, SplitOutput(text));
      absl::StatusOr<int> input = Find(split.first);
      if (!input.ok()) return Annotate(input.status(), absl::StrCat("input '", text, "'"));
      inputs_[i].emplace_back(*input, split.second);
      Follow(i, *input);
    }
    for (const std::string& text : defs_[i].control_input()) {
      RETURN_IF_ERROR(CheckName("control input", text));
      absl::StatusOr<int> input = Find(text);
      if (!input.ok()) return Annotate(input.status(), absl::StrCat("control input '", text, "'"));
      Follow(i, *input);
    }
    return absl::OkStatus();
  }

  absl::Status AddAll() {
    std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
    for (int i = 0; i < defs_.size(); ++i) {
      if (waiting_[i] == 0) ready.push(i);
    }
    int added = 0;
    for (; !ready.empty(); ++added) {
      const int i = ready.top();
      ready.pop();
      RETURN_IF_ERROR(Add(i));
      for (const int consumer : consumers_[i]) {
        if (--waiting_[consumer] == 0) ready.push(consumer);
      }
    }
    return added == defs_.size() ? absl::OkStatus() : Cycle();
  }

  absl::Status Add(int i) {
    const proto::NodeDef& def = defs_[i];
    NodeSpec spec;
    spec.op = def.op();
    spec.name = def.name();
    spec.device = def.device();
    spec.site = {def.file(), def.line()};
    for (const auto& [input, index] : inputs_[i]) spec.inputs.emplace_back(nodes_[input], index);
    for (const std::string& control : def.control_input()) {
      spec.control_inputs.push_back(nodes_[by_name_.at(control)]);
    }
    const std::string where = absl::StrCat(def.op(), " '", def.name(), "'");
    RETURN_IF_ERROR(Annotate(ReadAttrs(def, &spec.attrs), where));
    RETURN_IF_ERROR(Annotate(Charge(spec.attrs), where));
    ASSIGN_OR_RETURN(nodes_[i], graph_->AddNode(std::move(spec)));
    return absl::OkStatus();
  }

  static absl::Status ReadAttrs(const proto::NodeDef& def, AttrMap* attrs) {
    for (const proto::AttrDef& attr : def.attr()) {
      RETURN_IF_ERROR(CheckName("attribute", attr.name()));
      const std::string where = absl::StrCat("attribute '", attr.name(), "'");
      if (attr.name()[0] == '_') {
        return absl::InvalidArgumentError(where + " is for passes only");
      }
      if (attrs->Has(attr.name())) return absl::InvalidArgumentError(where + " is there twice");
      absl::StatusOr<AttrValue> value = DecodeAttr(attr);
      if (!value.ok()) return Annotate(value.status(), where);
      attrs->Set(attr.name(), *std::move(value));
    }
    return absl::OkStatus();
  }

  // Counts the node and the functions that its attributes name, before their shapes are inferred.
  absl::Status Charge(const AttrMap& attrs) {
    RETURN_IF_ERROR(Count(1));
    for (const auto& [name, value] : attrs) {
      if (const auto* text = value.get<std::string>()) RETURN_IF_ERROR(ChargeFunction(*text));
      const auto* texts = value.get<std::vector<std::string>>();
      if (texts == nullptr) continue;
      for (const std::string& text : *texts) RETURN_IF_ERROR(ChargeFunction(text));
    }
    return absl::OkStatus();
  }

  absl::Status ChargeFunction(const std::string& name) {
    if (reading_->declared.count(name) == 0) return absl::OkStatus();
    const auto it = reading_->costs.find(name);
    if (it == reading_->costs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("function '", name, "' is used before it is complete"));
    }
    cost_->depth = std::max(cost_->depth, it->second.depth + 1);
    if (cost_->depth > reading_->limits.max_function_depth) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "functions are nested deeper than ", reading_->limits.max_function_depth, " levels"));
    }
    return Count(it->second.nodes);
  }

  absl::Status Count(int64_t nodes) {
    cost_->nodes += nodes;
    reading_->expanded_nodes += nodes;
    if (reading_->expanded_nodes <= reading_->limits.max_expanded_nodes) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat("the graph with its functions has more than ",
                                                     reading_->limits.max_expanded_nodes,
                                                     " nodes"));
  }

  // An error that names the nodes of a cycle: every node that was not added waits for another.
  absl::Status Cycle() const {
    std::vector<int> known(defs_.size(), -1);
    const auto waiting_for = [this, &known](int i) {
      if (known[i] >= 0) return known[i];
      for (const auto& [input, index] : inputs_[i]) {
        if (nodes_[input] == nullptr) return known[i] = input;
      }
      for (const std::string& control : defs_[i].control_input()) {
        if (const int input = by_name_.at(control); nodes_[input] == nullptr) {
          return known[i] = input;
        }
      }
      return i;
    };
    int at = 0;
    while (nodes_[at] != nullptr) ++at;
    for (int i = 0; i < defs_.size(); ++i) at = waiting_for(at);  // now it is on the cycle
    std::string path = absl::StrCat("'", defs_[at].name(), "'");
    int node = at;
    for (int steps = 0; steps < 8; ++steps) {
      node = waiting_for(node);
      absl::StrAppend(&path, " needs '", defs_[node].name(), "'");
      if (node == at) return absl::InvalidArgumentError(absl::StrCat("a cycle: ", path));
    }
    return absl::InvalidArgumentError(absl::StrCat("a cycle: ", path, " needs ..."));
  }

  const NodeDefs& defs_;
  Graph* const graph_;
  Reading* const reading_;
  FunctionCost* const cost_;
  std::unordered_map<std::string, int> by_name_;
  // By node: (node, output) of its inputs, who uses it, and for how many inputs it still waits.
  std::vector<std::vector<std::pair<int, int>>> inputs_;
  std::vector<std::vector<int>> consumers_;
  std::vector<int> waiting_;
  std::vector<Node*> nodes_;
};

absl::StatusOr<Output> FindOutput(const Graph& graph, const std::string& name, int index) {
  RETURN_IF_ERROR(CheckName("node", name));
  Node* node = graph.FindNode(name);
  if (node != nullptr && index >= 0 && index < node->num_outputs()) return Output(node, index);
  return absl::InvalidArgumentError(absl::StrCat("there is no output '", name, ":", index, "'"));
}

// Arguments are exactly the nodes of op Argument, and nothing in a function touches variables.
absl::Status CheckBody(const Function& function) {
  const std::set<const Node*> arguments(function.arguments().begin(), function.arguments().end());
  if (arguments.size() != function.arguments().size()) {
    return absl::InvalidArgumentError("an argument is there twice");
  }
  for (const auto& node : function.body().nodes()) {
    if ((node->op_name() == "Argument") != (arguments.count(node.get()) > 0)) {
      return absl::InvalidArgumentError(absl::StrCat(
          node->Describe(), arguments.count(node.get()) > 0 ? " is no" : " is an unlisted",
          " argument"));
    }
    bool state = node->op().updates > 0;
    for (int i = 0; i < node->num_outputs(); ++i) state |= node->output_type(i) == kResource;
    if (state) {
      return absl::InvalidArgumentError(
          absl::StrCat(node->Describe(), ": variables cannot be used inside a function"));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadFunction(const proto::FunctionDef& def, Reading* reading) {
  auto function = std::make_unique<Function>(def.name(), reading->library);
  FunctionCost cost;
  RETURN_IF_ERROR(NodeReader(def.node(), &function->body(), reading, &cost).Read());
  std::vector<Node*> arguments;
  for (const std::string& name : def.argument()) {
    arguments.push_back(function->body().FindNode(name));
    if (arguments.back() == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("there is no argument '", name, "'"));
    }
  }
  function->set_arguments(std::move(arguments));
  std::vector<Output> results;
  for (const std::string& name : def.result()) {
    RETURN_IF_ERROR(CheckName("result", name));
    ASSIGN_OR_RETURN(const auto split, SplitOutput(name));
    ASSIGN_OR_RETURN(const Output result, FindOutput(function->body(), split.first, split.second));
    results.push_back(result);
  }
  function->set_results(std::move(results));
  RETURN_IF_ERROR(CheckBody(*function));
  reading->costs[def.name()] = cost;
  return reading->library->Add(std::move(function));
}

absl::Status ReadFunctions(const proto::GraphDef& def, Reading* reading) {
  for (const proto::FunctionDef& function : def.function()) {
    RETURN_IF_ERROR(CheckName("function", function.name()));
    if (!reading->declared.insert(function.name()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are two functions '", function.name(), "'"));
    }
  }
  for (const proto::FunctionDef& function : def.function()) {
    RETURN_IF_ERROR(Annotate(ReadFunction(function, reading),
                             absl::StrCat("function '", function.name(), "'")));
  }
  return absl::OkStatus();
}

using Endpoints = google::protobuf::RepeatedPtrField<proto::EndpointDef>;

absl::Status ReadEndpoints(const Endpoints& defs, const Graph& graph, bool targets,
                           std::map<std::string, Output>* endpoints) {
  for (const proto::EndpointDef& def : defs) {
    RETURN_IF_ERROR(CheckName("feed or fetch", def.name()));
    Node* const node = graph.FindNode(def.node());
    const bool target = targets && node != nullptr && def.output() == Output::kControl;
    absl::StatusOr<Output> output =
        target ? Output(node, Output::kControl) : FindOutput(graph, def.node(), def.output());
    if (!output.ok()) return Annotate(output.status(), absl::StrCat("'", def.name(), "'"));
    if (!endpoints->emplace(def.name(), *output).second) {
      return absl::InvalidArgumentError(absl::StrCat("there are two '", def.name(), "'"));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadSignatures(const proto::GraphDef& def, LoadedGraph* loaded) {
  for (const proto::SignatureDef& signature : def.signature()) {
    RETURN_IF_ERROR(CheckName("signature", signature.name()));
    const auto [it, fresh] = loaded->signatures.try_emplace(signature.name());
    const std::string where = absl::StrCat("signature '", signature.name(), "'");
    if (!fresh) return absl::InvalidArgumentError(where + " is there twice");
    RETURN_IF_ERROR(Annotate(
        ReadEndpoints(signature.feed(), *loaded->graph, /*targets=*/false, &it->second.feeds),
        where));
    RETURN_IF_ERROR(Annotate(
        ReadEndpoints(signature.fetch(), *loaded->graph, /*targets=*/true, &it->second.fetches),
        where));
  }
  return absl::OkStatus();
}

absl::Status CheckVersion(const proto::GraphDef& def) {
  if (def.version() < 1 || def.min_version() < 1 || def.min_version() > def.version()) {
    return absl::DataLossError("the bytes are no graph: they name no format");
  }
  if (def.min_version() > kGraphFormat) {
    return absl::FailedPreconditionError(absl::StrCat("the graph needs format ", def.min_version(),
                                                      ", but this program knows ", kGraphFormat,
                                                      ": use a later one"));
  }
  return CheckOptionalName("producer", def.producer());
}

}  // namespace

absl::StatusOr<LoadedGraph> DecodeGraph(absl::string_view bytes, const GraphLimits& limits) {
  const int64_t max_bytes = std::min<int64_t>(limits.max_bytes, INT32_MAX);
  if (static_cast<int64_t>(bytes.size()) > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the graph has ", bytes.size(), " bytes, above the limit of ", max_bytes));
  }
  RETURN_IF_ERROR(ScanGraphDef(bytes, limits.max_fields));
  proto::GraphDef def;
  if (!def.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("the bytes are no graph, or a name is not UTF-8");
  }
  RETURN_IF_ERROR(CheckVersion(def));
  Reading reading{limits};
  RETURN_IF_ERROR(ReadFunctions(def, &reading));
  LoadedGraph loaded;
  loaded.producer = def.producer();
  loaded.graph = std::make_unique<Graph>(reading.library);
  FunctionCost cost;
  RETURN_IF_ERROR(NodeReader(def.node(), loaded.graph.get(), &reading, &cost).Read());
  RETURN_IF_ERROR(ReadSignatures(def, &loaded));
  return loaded;
}

absl::StatusOr<LoadedGraph> LoadGraph(Env* env, const std::string& path,
                                      const GraphLimits& limits) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file, env->MapFile(path));
  absl::StatusOr<LoadedGraph> loaded =
      DecodeGraph(absl::string_view(file->data(), file->size()), limits);
  if (!loaded.ok()) return Annotate(loaded.status(), path);
  return loaded;
}

}  // namespace viv
