// Writing graphs.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "core/graph/attr_def.h"
#include "core/graph/graph_def.h"
#include "core/graph/graph_def.pb.h"

namespace viv {
namespace {

constexpr size_t kMaxName = 4096;

absl::Status EncodeAttrs(const Node& node, proto::NodeDef* def) {
  for (const auto& [name, value] : node.attrs()) {
    if (!name.empty() && name[0] == '_') {
      return absl::InvalidArgumentError(absl::StrCat(
          "attribute '", name, "' is a pass's note to a kernel: save the graph from before"));
    }
    RETURN_IF_ERROR(EncodeAttr(name, value, def->add_attr()));
  }
  return absl::OkStatus();
}

absl::Status EncodeNode(const Node& node, proto::NodeDef* def) {
  RETURN_IF_ERROR(CheckName("node", node.name()));
  def->set_name(node.name());
  def->set_op(node.op_name());
  for (const Output& input : node.inputs()) def->add_input(input.name());
  for (const Node* control : node.control_inputs()) def->add_control_input(control->name());
  RETURN_IF_ERROR(EncodeAttrs(node, def));
  if (!node.device().empty()) RETURN_IF_ERROR(CheckName("device", node.device()));
  def->set_device(node.device());
  if (!node.site().file.empty()) RETURN_IF_ERROR(CheckName("source file", node.site().file));
  def->set_file(node.site().file);
  def->set_line(node.site().line);
  return absl::OkStatus();
}

template <typename Nodes>
absl::Status EncodeNodes(const Graph& graph, Nodes* defs) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph.TopologicalOrder());
  for (const Node* node : order) {
    RETURN_IF_ERROR(Annotate(EncodeNode(*node, defs->Add()), node->Describe()));
  }
  return absl::OkStatus();
}

absl::Status EncodeFunction(const Function& function, proto::FunctionDef* def) {
  RETURN_IF_ERROR(CheckName("function", function.name()));
  def->set_name(function.name());
  for (const Node* argument : function.arguments()) def->add_argument(argument->name());
  RETURN_IF_ERROR(EncodeNodes(function.body(), def->mutable_node()));
  for (const Output& result : function.results()) def->add_result(result.name());
  return absl::OkStatus();
}

// Writes functions, each after those that it uses.
class FunctionWriter {
 public:
  FunctionWriter(const FunctionLibrary& library, proto::GraphDef* def)
      : library_(library), def_(def) {}

  absl::Status Write(const Function& function) {
    if (written_.count(function.name()) > 0) return absl::OkStatus();
    if (!begun_.insert(function.name()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("function '", function.name(), "' uses itself"));
    }
    for (const auto& node : function.body().nodes()) {
      for (const auto& [name, value] : node->attrs()) {
        if (const auto* text = value.get<std::string>()) RETURN_IF_ERROR(WriteNamed(*text));
        const auto* texts = value.get<std::vector<std::string>>();
        if (texts == nullptr) continue;
        for (const std::string& text : *texts) RETURN_IF_ERROR(WriteNamed(text));
      }
    }
    written_.insert(function.name());
    return Annotate(EncodeFunction(function, def_->add_function()),
                    absl::StrCat("function '", function.name(), "'"));
  }

 private:
  // An attribute names a function where its text is the name of one.
  absl::Status WriteNamed(const std::string& text) {
    const Function* function = library_.Find(text);
    return function == nullptr ? absl::OkStatus() : Write(*function);
  }

  const FunctionLibrary& library_;
  proto::GraphDef* const def_;
  std::set<std::string> begun_;
  std::set<std::string> written_;
};

absl::Status EncodeEndpoint(const Graph& graph, const std::string& name, const Output& output,
                            proto::EndpointDef* def) {
  RETURN_IF_ERROR(CheckName("feed or fetch", name));
  if (!output.valid() || &output.node->graph() != &graph) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no output of the graph"));
  }
  def->set_name(name);
  def->set_node(output.node->name());
  def->set_output(output.index);
  return absl::OkStatus();
}

absl::Status EncodeSignature(const Graph& graph, const std::string& name,
                             const Signature& signature, proto::SignatureDef* def) {
  RETURN_IF_ERROR(CheckName("signature", name));
  def->set_name(name);
  for (const auto& [feed, output] : signature.feeds) {
    RETURN_IF_ERROR(EncodeEndpoint(graph, feed, output, def->add_feed()));
    if (output.index == Output::kControl) {
      return absl::InvalidArgumentError(absl::StrCat("'", feed, "' is a target, not to be fed"));
    }
  }
  for (const auto& [fetch, output] : signature.fetches) {
    RETURN_IF_ERROR(EncodeEndpoint(graph, fetch, output, def->add_fetch()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Serialize(const proto::GraphDef& def) {
  if (def.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError(
        "the graph is larger than the 2 GB of one file: keep large constants in variables");
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!def.SerializeToCodedStream(&coded)) return absl::InternalError("the graph was not written");
  coded.Trim();
  return bytes;
}

}  // namespace

absl::Status CheckName(absl::string_view what, absl::string_view name) {
  const auto bad = [what](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("the name of a ", what, " ", why));
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > kMaxName) return bad(absl::StrCat("is longer than ", kMaxName, " bytes"));
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad("has control characters");
  }
  return IsValidUtf8(name) ? absl::OkStatus() : bad("is not UTF-8");
}

absl::StatusOr<std::string> EncodeGraph(const Graph& graph, const Signatures& signatures) {
  proto::GraphDef def;
  def.set_version(kGraphFormat);
  def.set_min_version(1);
  def.set_producer("vivarium");
  FunctionWriter functions(graph.library(), &def);
  for (const auto& [name, function] : graph.library().functions()) {
    RETURN_IF_ERROR(functions.Write(*function));
  }
  RETURN_IF_ERROR(EncodeNodes(graph, def.mutable_node()));
  for (const auto& [name, signature] : signatures) {
    RETURN_IF_ERROR(Annotate(EncodeSignature(graph, name, signature, def.add_signature()),
                             absl::StrCat("signature '", name, "'")));
  }
  return Serialize(def);
}

absl::Status SaveGraph(Env* env, const std::string& path, const Graph& graph,
                       const Signatures& signatures) {
  absl::StatusOr<std::string> bytes = EncodeGraph(graph, signatures);
  if (!bytes.ok()) return Annotate(bytes.status(), path);
  return WriteFileAtomically(env, path, *bytes);
}

}  // namespace viv
