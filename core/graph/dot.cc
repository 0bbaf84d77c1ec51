// Writes the language of Graphviz: https://graphviz.org/doc/info/lang.html.
#include "core/graph/dot.h"

#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace viv {
namespace {

// Boxes in boxes are drawn no deeper: names of a stranger's nodes may have any number of slashes.
constexpr size_t kMaxScopes = 8;
// Of a node's attributes, so much is shown.
constexpr size_t kMaxAttr = 60;

std::string Quote(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// The nodes of a scope and the scopes inside it.
struct Scope {
  std::vector<const Node*> nodes;
  std::map<std::string, std::unique_ptr<Scope>> scopes;
};

Scope ScopesOf(const Graph& graph) {
  Scope root;
  for (const auto& node : graph.nodes()) {
    const std::vector<std::string> parts = absl::StrSplit(node->name(), '/');
    Scope* scope = &root;
    for (size_t i = 0; i + 1 < parts.size() && i < kMaxScopes; ++i) {
      std::unique_ptr<Scope>& child = scope->scopes[parts[i]];
      if (child == nullptr) child = std::make_unique<Scope>();
      scope = child.get();
    }
    scope->nodes.push_back(node.get());
  }
  return root;
}

class DotWriter {
 public:
  std::string Write(const Graph& graph) {
    text_ = "digraph graph_ {\n  rankdir=BT;\n  node [shape=box, fontsize=10];\n";
    WriteGraph(graph, "", 2);
    for (const auto& [name, function] : graph.library().functions()) {
      Open(absl::StrCat("function ", name), 2);
      WriteGraph(function->body(), absl::StrCat("function ", name, "/"), 4);
      Close(2);
    }
    return text_ + "}\n";
  }

 private:
  void Line(int indent, absl::string_view line) {
    absl::StrAppend(&text_, std::string(indent, ' '), line, "\n");
  }
  void Open(const std::string& label, int indent) {
    Line(indent, absl::StrCat("subgraph cluster_", clusters_++, " {"));
    Line(indent + 2, absl::StrCat("label=", Quote(label), ";"));
  }
  void Close(int indent) { Line(indent, "}"); }

  void WriteGraph(const Graph& graph, const std::string& prefix, int indent) {
    WriteScope(ScopesOf(graph), prefix, indent);
    for (const auto& node : graph.nodes()) WriteEdges(*node, prefix, indent);
  }

  void WriteScope(const Scope& scope, const std::string& prefix, int indent) {
    for (const Node* node : scope.nodes) WriteNode(*node, prefix, indent);
    for (const auto& [name, inner] : scope.scopes) {
      Open(name, indent);
      WriteScope(*inner, prefix, indent + 2);
      Close(indent);
    }
  }

  void WriteNode(const Node& node, const std::string& prefix, int indent) {
    std::string label = absl::StrCat(node.op_name(), "\n", node.name());
    for (const auto& [name, value] : node.attrs()) {
      std::string shown = value.ToString();
      if (shown.size() > kMaxAttr) shown = shown.substr(0, kMaxAttr) + "...";
      absl::StrAppend(&label, "\n", name, "=", shown);
    }
    if (!node.device().empty()) absl::StrAppend(&label, "\n", node.device());
    const bool state = node.op_name() == "Variable" || node.op().updates > 0;
    Line(indent, absl::StrCat(Quote(prefix + node.name()), " [label=", Quote(label),
                              state ? ", style=filled" : "", "];"));
  }

  void WriteEdges(const Node& node, const std::string& prefix, int indent) {
    const std::string to = Quote(prefix + node.name());
    for (const Output& input : node.inputs()) {
      Line(indent,
           absl::StrCat(Quote(prefix + input.node->name()), " -> ", to, " [label=",
                        Quote(absl::StrCat(DTypeName(input.dtype()), input.shape().ToString())),
                        "];"));
    }
    for (const Node* control : node.control_inputs()) {
      Line(indent, absl::StrCat(Quote(prefix + control->name()), " -> ", to, " [style=dashed];"));
    }
  }

  std::string text_;
  int clusters_ = 0;
};

}  // namespace

std::string ToDot(const Graph& graph) { return DotWriter().Write(graph); }

}  // namespace viv
