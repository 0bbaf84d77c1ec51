// Building graphs, and their files.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/c_api/handles.h"
#include "core/graph/dot.h"
#include "core/ops/state.h"

using viv::BuilderRef;
using viv::Graph;
using viv::GraphBuilder;
using viv::Node;
using viv::NodeSpec;
using viv::Output;
using viv::c_api::Alive;
using viv::c_api::Check;
using viv::c_api::CheckArray;
using viv::c_api::CheckText;
using viv::c_api::FromOutput;
using viv::c_api::Guarded;
using viv::c_api::Make;
using viv::c_api::ToOutput;
using viv::c_api::ToOutputs;

namespace viv::c_api {

absl::StatusOr<Node*> ToNode(const Graph& graph, VivNode node) {
  if (node >= 0 && static_cast<size_t>(node) < graph.nodes().size()) {
    return graph.nodes()[node].get();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the graph has no node ", node, "; it has ", graph.nodes().size(), " of them"));
}

absl::StatusOr<Output> ToOutput(const Graph& graph, VivOutput output) {
  ASSIGN_OR_RETURN(Node * node, ToNode(graph, output.node));
  if (output.index >= Output::kControl && output.index < node->num_outputs()) {
    return Output(node, output.index);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(node->Describe(), " has no output ", output.index));
}

absl::StatusOr<std::vector<Output>> ToOutputs(const Graph& graph, const VivOutput* outputs,
                                              int32_t count, const char* what) {
  RETURN_IF_ERROR(CheckArray(outputs, count, what));
  std::vector<Output> result;
  for (int32_t i = 0; i < count; ++i) {
    absl::StatusOr<Output> output = ToOutput(graph, outputs[i]);
    if (!output.ok()) return viv::Annotate(output.status(), absl::StrCat(i, " of the ", what));
    result.push_back(*output);
  }
  return result;
}

VivOutput FromOutput(const Output& output) {
  return output.valid() ? VivOutput{output.node->id(), output.index} : VivOutput{VIV_NONE, 0};
}

}  // namespace viv::c_api

namespace {

Graph& GraphOf(const VivGraph* graph) { return graph->builder.graph(); }

// Adds nodes for a call: its errors stay with it, but a gradient's fail the gradient.
GraphBuilder BuilderFor(const VivGraph* graph) {
  return graph->of_gradient ? graph->builder : GraphBuilder(&GraphOf(graph));
}
// No line of ours is to blame.
BuilderRef Nowhere(const GraphBuilder& b) { return BuilderRef(b, "", 0); }

std::string TextOr(const char* text, const char* otherwise) {
  return text == nullptr ? otherwise : text;
}

// A node's spec in our types.
struct NodeParts {
  std::vector<Output> inputs, controls;
  viv::AttrMap attrs;
};
absl::StatusOr<NodeParts> ReadSpec(const Graph& graph, const VivNodeSpec& spec) {
  NodeParts parts;
  if (spec.name != nullptr) RETURN_IF_ERROR(viv::CheckName("node", spec.name));
  ASSIGN_OR_RETURN(parts.inputs, ToOutputs(graph, spec.inputs, spec.num_inputs, "inputs"));
  RETURN_IF_ERROR(CheckArray(spec.controls, spec.num_controls, "controls"));
  for (int32_t i = 0; i < spec.num_controls; ++i) {
    ASSIGN_OR_RETURN(Node * node, viv::c_api::ToNode(graph, spec.controls[i]));
    parts.controls.emplace_back(node, Output::kControl);
  }
  ASSIGN_OR_RETURN(parts.attrs, viv::c_api::ToAttrs(spec.attrs));
  for (const auto& [name, value] : parts.attrs) {
    if (!name.empty() && name[0] != '_') continue;
    return absl::InvalidArgumentError(
        absl::StrCat("attribute '", name, "': such names are for passes only"));
  }
  return parts;
}

absl::StatusOr<Node*> AddNode(const VivGraph* graph, const VivNodeSpec& spec) {
  RETURN_IF_ERROR(CheckText(spec.op, "the op's name"));
  absl::StatusOr<NodeParts> parts = ReadSpec(GraphOf(graph), spec);
  if (!parts.ok()) {
    return viv::Annotate(parts.status(), absl::StrCat(spec.op, " '", TextOr(spec.name, spec.op), "'"));
  }
  GraphBuilder b = BuilderFor(graph).After(parts->controls).OnDevice(TextOr(spec.device, ""));
  if (spec.name != nullptr) b = b.Named(spec.name);
  if (spec.file != nullptr) b = b.At({spec.file, spec.line});
  Node* node = Nowhere(b).AddNode(spec.op, std::move(parts->inputs), std::move(parts->attrs));
  RETURN_IF_ERROR(b.status());
  return node;
}

// `build`, given a builder, returns an output.
template <typename F>
VivOutput Build(VivGraph* graph, VivStatus* status, F&& build) {
  VivOutput result = {VIV_NONE, 0};
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    ASSIGN_OR_RETURN(const Output output, build());
    result = FromOutput(output);
    return absl::OkStatus();
  });
  return result;
}

absl::StatusOr<std::unique_ptr<VivGraph>> Loaded(absl::StatusOr<viv::LoadedGraph> loaded) {
  RETURN_IF_ERROR(loaded.status());
  auto graph = std::make_unique<VivGraph>(GraphBuilder(std::move(loaded->graph)));
  graph->signatures = std::move(loaded->signatures);
  return graph;
}

// Null where there is none.
Node* FindNode(const VivGraph* graph, VivNode node) {
  if (!Alive(graph)) return nullptr;
  const absl::StatusOr<Node*> found = viv::c_api::ToNode(GraphOf(graph), node);
  return found.ok() ? *found : nullptr;
}
// Invalid where there is none, or where it is a target.
Output FindValue(const VivGraph* graph, VivOutput output) {
  Node* const node = FindNode(graph, output.node);
  const bool found = node != nullptr && output.index >= 0 && output.index < node->num_outputs();
  return found ? node->out(output.index) : Output();
}

}  // namespace

VivGraph* VivGraphNew(void) { return std::make_unique<VivGraph>(GraphBuilder()).release(); }

VivGraph* VivGraphLoad(const char* path, VivStatus* status) {
  return Make<VivGraph>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivGraph>> {
    RETURN_IF_ERROR(CheckText(path, "the path"));
    return Loaded(viv::LoadGraph(viv::Env::Default(), path));
  });
}

VivGraph* VivGraphDecode(const void* data, size_t bytes, VivStatus* status) {
  return Make<VivGraph>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivGraph>> {
    RETURN_IF_ERROR(CheckArray(data, static_cast<int64_t>(bytes), "bytes"));
    return Loaded(viv::DecodeGraph(absl::string_view(static_cast<const char*>(data), bytes)));
  });
}

VivCode VivGraphSave(const VivGraph* graph, const char* path, VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    RETURN_IF_ERROR(CheckText(path, "the path"));
    return viv::SaveGraph(viv::Env::Default(), path, GraphOf(graph), graph->signatures);
  });
}

char* VivGraphEncode(const VivGraph* graph, size_t* bytes, VivStatus* status) {
  char* text = nullptr;
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    ASSIGN_OR_RETURN(const std::string encoded,
                     viv::EncodeGraph(GraphOf(graph), graph->signatures));
    text = viv::c_api::NewText(encoded);
    if (text == nullptr) return absl::ResourceExhaustedError("out of memory");
    if (bytes != nullptr) *bytes = encoded.size();
    return absl::OkStatus();
  });
  return text;
}

void VivGraphFree(VivGraph* graph) {
  if (Alive(graph) && !graph->of_gradient) viv::c_api::Free(graph);
}

char* VivGraphDot(const VivGraph* graph, VivStatus* status) {
  char* text = nullptr;
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    text = viv::c_api::NewText(viv::ToDot(GraphOf(graph)));
    return absl::OkStatus();
  });
  return text;
}

VivNode VivGraphAdd(VivGraph* graph, const VivNodeSpec* spec, VivStatus* status) {
  VivNode result = VIV_NONE;
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    if (spec == nullptr) return absl::InvalidArgumentError("the node's spec is NULL");
    ASSIGN_OR_RETURN(const Node* node, AddNode(graph, *spec));
    result = node->id();
    return absl::OkStatus();
  });
  return result;
}

VivOutput VivGraphPlaceholder(VivGraph* graph, const char* name, VivDType dtype,
                              const int64_t* dims, int32_t rank, VivStatus* status) {
  return Build(graph, status, [&]() -> absl::StatusOr<Output> {
    ASSIGN_OR_RETURN(const viv::DType type, viv::c_api::ToDType(dtype));
    ASSIGN_OR_RETURN(const viv::PartialShape shape, viv::c_api::ToPartialShape(dims, rank));
    const GraphBuilder b = BuilderFor(graph).Named(TextOr(name, ""));
    const Output output = Nowhere(b).Add("Placeholder", {}, {{"dtype", type}, {"shape", shape}});
    RETURN_IF_ERROR(b.status());
    return output;
  });
}

VivOutput VivGraphConst(VivGraph* graph, const char* name, const VivTensor* value,
                        VivStatus* status) {
  return Build(graph, status, [&]() -> absl::StatusOr<Output> {
    RETURN_IF_ERROR(Check(value, "the value"));
    // Whoever wrote the tensor may write on.
    ASSIGN_OR_RETURN(viv::Tensor copy, value->tensor.Clone());
    const viv::DType type = copy.dtype();
    const GraphBuilder b = BuilderFor(graph).Named(TextOr(name, ""));
    const Output output =
        Nowhere(b).Add("Const", {}, {{"value", std::move(copy)}, {"dtype", type}});
    RETURN_IF_ERROR(b.status());
    return output;
  });
}

VivCode VivGraphVariable(VivGraph* graph, const char* name, VivOutput initial, int trainable,
                         VivVariable* variable, VivStatus* status) {
  if (variable != nullptr) *variable = {{VIV_NONE, 0}, {VIV_NONE, 0}};
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    if (variable == nullptr) return absl::InvalidArgumentError("there is no place for the result");
    ASSIGN_OR_RETURN(const Output value, ToOutput(GraphOf(graph), initial));
    if (value.index < 0) return absl::InvalidArgumentError("the initial value is a target");
    const GraphBuilder b = BuilderFor(graph);
    const viv::Variable made(Nowhere(b), name, value, {.trainable = trainable != 0});
    RETURN_IF_ERROR(b.status());
    *variable = {FromOutput(made.handle()), FromOutput(made.Read())};
    return absl::OkStatus();
  });
}

VivCode VivGraphGradients(VivGraph* graph, const VivOutput* ys, int32_t num_ys, const VivOutput* xs,
                          int32_t num_xs, const VivOutput* initial, VivOutput* gradients,
                          VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    RETURN_IF_ERROR(CheckArray(gradients, num_xs, "gradients"));
    ASSIGN_OR_RETURN(const auto y, ToOutputs(GraphOf(graph), ys, num_ys, "ys"));
    ASSIGN_OR_RETURN(const auto x, ToOutputs(GraphOf(graph), xs, num_xs, "xs"));
    std::vector<Output> flowing;
    if (initial != nullptr) {
      ASSIGN_OR_RETURN(flowing, ToOutputs(GraphOf(graph), initial, num_ys, "initial gradients"));
    }
    ASSIGN_OR_RETURN(const std::vector<Output> dense,
                     viv::DenseGradients(BuilderFor(graph), y, x, flowing));
    for (int32_t i = 0; i < num_xs; ++i) gradients[i] = FromOutput(dense[i]);
    return absl::OkStatus();
  });
}

int32_t VivGraphNodes(const VivGraph* graph) {
  return Alive(graph) ? static_cast<int32_t>(GraphOf(graph).nodes().size()) : 0;
}

VivOutput VivGraphFind(const VivGraph* graph, const char* name, VivStatus* status) {
  VivOutput result = {VIV_NONE, 0};
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    ASSIGN_OR_RETURN(const Output output, GraphOf(graph).FindOutput(name));
    result = FromOutput(output);
    return absl::OkStatus();
  });
  return result;
}

const char* VivNodeName(const VivGraph* graph, VivNode node) {
  const Node* found = FindNode(graph, node);
  return found == nullptr ? nullptr : found->name().c_str();
}
const char* VivNodeOp(const VivGraph* graph, VivNode node) {
  const Node* found = FindNode(graph, node);
  return found == nullptr ? nullptr : found->op_name().c_str();
}
const char* VivNodeDevice(const VivGraph* graph, VivNode node) {
  const Node* found = FindNode(graph, node);
  return found == nullptr ? nullptr : found->device().c_str();
}
int32_t VivNodeInputs(const VivGraph* graph, VivNode node) {
  const Node* found = FindNode(graph, node);
  return found == nullptr ? 0 : found->num_inputs();
}
VivOutput VivNodeInput(const VivGraph* graph, VivNode node, int32_t i) {
  const Node* found = FindNode(graph, node);
  if (found == nullptr || i < 0 || i >= found->num_inputs()) return {VIV_NONE, 0};
  return FromOutput(found->input(i));
}
int32_t VivNodeOutputs(const VivGraph* graph, VivNode node) {
  const Node* found = FindNode(graph, node);
  return found == nullptr ? 0 : found->num_outputs();
}
VivAttrs* VivNodeGetAttrs(const VivGraph* graph, VivNode node, VivStatus* status) {
  return Make<VivAttrs>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivAttrs>> {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    ASSIGN_OR_RETURN(const Node* found, viv::c_api::ToNode(GraphOf(graph), node));
    auto attrs = std::make_unique<VivAttrs>();
    attrs->map = found->attrs();
    return attrs;
  });
}
VivDType VivOutputDType(const VivGraph* graph, VivOutput output) {
  const Output found = FindValue(graph, output);
  return found.valid() ? viv::c_api::FromDType(found.dtype()) : VIV_INVALID;
}
int32_t VivOutputShape(const VivGraph* graph, VivOutput output, int64_t dims[VIV_MAX_RANK]) {
  const Output found = FindValue(graph, output);
  return found.valid() && dims != nullptr ? viv::c_api::FromShape(found.shape(), dims) : -1;
}
VivNames* VivGraphFunctions(const VivGraph* graph) {
  if (!Alive(graph)) return nullptr;
  std::vector<std::string> names;
  for (const auto& [name, function] : GraphOf(graph).library().functions()) names.push_back(name);
  return viv::c_api::NewNames(std::move(names));
}
