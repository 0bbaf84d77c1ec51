// Graphs: adding nodes with all checks, looking them up, ordering and rewriting.
#include "core/graph/graph.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/node_types.h"
#include "core/graph/shape_context.h"
#include "core/graph/topological_order.h"

namespace viv {

DType Output::dtype() const { return node->output_type(index); }
const PartialShape& Output::shape() const { return node->output_shape(index); }

std::string Output::name() const {
  if (node == nullptr) return "(no output)";
  return index == kControl ? node->name() : absl::StrCat(node->name(), ":", index);
}

bool operator<(const Output& a, const Output& b) {
  const int a_id = a.node == nullptr ? -1 : a.node->id();
  const int b_id = b.node == nullptr ? -1 : b.node->id();
  return a_id != b_id ? a_id < b_id : a.index < b.index;
}

std::string CallSite::ToString() const { return file.empty() ? "" : absl::StrCat(file, ":", line); }

void Node::AddControlInput(Node* node) {
  if (std::find(control_inputs_.begin(), control_inputs_.end(), node) == control_inputs_.end()) {
    control_inputs_.push_back(node);
  }
}

Output Node::AddOutput(DType dtype, PartialShape shape) {
  output_types_.push_back(dtype);
  output_shapes_.push_back(std::move(shape));
  return out(num_outputs() - 1);
}

std::string Node::Describe() const {
  std::string text = absl::StrCat(op_name(), " '", name_, "'");
  if (!site_.file.empty()) absl::StrAppend(&text, " (", site_.ToString(), ")");
  return text;
}

FunctionLibrary::FunctionLibrary() = default;
FunctionLibrary::~FunctionLibrary() = default;

const Function* FunctionLibrary::Find(const std::string& name) const {
  auto it = functions_.find(name);
  return it == functions_.end() ? nullptr : it->second.get();
}

Function* FunctionLibrary::FindMutable(const std::string& name) {
  auto it = functions_.find(name);
  return it == functions_.end() ? nullptr : it->second.get();
}

absl::Status FunctionLibrary::Add(std::unique_ptr<Function> function) {
  const std::string name = function->name();
  if (!functions_.emplace(name, std::move(function)).second) {
    return absl::AlreadyExistsError(absl::StrCat("function '", name, "' is defined twice"));
  }
  return absl::OkStatus();
}

std::string FunctionLibrary::UniqueName(const std::string& base) const {
  std::string name = base;
  for (int i = 1; functions_.count(name) > 0; ++i) name = absl::StrCat(base, "_", i);
  return name;
}

Graph::Graph() : library_(std::make_shared<FunctionLibrary>()) {}
Graph::Graph(std::shared_ptr<FunctionLibrary> library) : library_(std::move(library)) {}
Graph::~Graph() = default;

namespace {

absl::Status CheckAttr(const AttrDef& def, const AttrValue& value) {
  if (value.type() != def.type) {
    return absl::InvalidArgumentError(absl::StrCat("attribute '", def.name, "' is of type ",
                                                   AttrTypeName(value.type()), ", not ",
                                                   AttrTypeName(def.type)));
  }
  const Tensor* tensor = value.get<Tensor>();
  if (tensor != nullptr && !tensor->valid()) {
    return absl::InvalidArgumentError(absl::StrCat("attribute '", def.name, "' is no tensor"));
  }
  if (const PartialShape* shape = value.get<PartialShape>()) {
    RETURN_IF_ERROR(Annotate(shape->Validate(), absl::StrCat("attribute '", def.name, "'")));
  }
  if (const DType* type = value.get<DType>(); type != nullptr && DTypeSize(*type) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("attribute '", def.name, "' is ", DTypeName(*type), ", no type of elements"));
  }
  if (!def.allowed.empty() && std::find(def.allowed.begin(), def.allowed.end(),
                                        *value.get<std::string>()) == def.allowed.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("attribute '", def.name, "' has the unknown value ", value.ToString()));
  }
  return absl::OkStatus();
}

// Checks the given attributes and adds the defaults of the others.
absl::Status CompleteAttrs(const OpDef& op, AttrMap& attrs) {
  for (const auto& [name, value] : attrs) {
    const AttrDef* def = op.FindAttr(name);
    // Names that begin with '_' are notes of passes to kernels.
    if (def == nullptr && name[0] == '_') continue;
    if (def == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("has no attribute '", name, "'"));
    }
    RETURN_IF_ERROR(CheckAttr(*def, value));
  }
  for (const AttrDef& def : op.attrs) {
    if (attrs.Has(def.name)) continue;
    if (def.required()) {
      return absl::InvalidArgumentError(absl::StrCat("attribute '", def.name, "' is missing"));
    }
    attrs.Set(def.name, def.default_value);
  }
  return absl::OkStatus();
}

absl::Status CheckInputs(const Graph& graph, const std::vector<Output>& inputs,
                         const std::vector<Node*>& controls) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Output& input = inputs[i];
    if (!input.valid()) return absl::InvalidArgumentError(absl::StrCat("input ", i, " is missing"));
    if (&input.node->graph() != &graph) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", i, " '", input.name(), "' belongs to another graph"));
    }
    if (input.index < 0 || input.index >= input.node->num_outputs()) {
      return absl::InvalidArgumentError(absl::StrCat("input ", i, ": node '", input.node->name(),
                                                     "' has no output ", input.index));
    }
  }
  for (const Node* control : controls) {
    if (&control->graph() != &graph) {
      return absl::InvalidArgumentError(
          absl::StrCat("control input '", control->name(), "' belongs to another graph"));
    }
  }
  return absl::OkStatus();
}

// The value of a constant node, for shape functions while the graph is built.
const Tensor* ConstantOf(const Node& node, int i) {
  const Node& input = *node.input(i).node;
  return input.op_name() == "Const" ? &input.attrs().TensorAttr("value") : nullptr;
}

}  // namespace

absl::StatusOr<Node*> Graph::AddNode(NodeSpec spec) {
  const OpDef* op = OpRegistry::Global().Find(spec.op);
  std::unique_ptr<Node> node(new Node);
  node->id_ = static_cast<int>(nodes_.size());
  node->site_ = std::move(spec.site);
  node->graph_ = this;
  const std::string base = spec.name.empty() ? spec.op : spec.name;
  const auto fail = [&](const absl::Status& status) {
    const std::string where = node->site_.ToString();
    return Annotate(status,
                    absl::StrCat(where, where.empty() ? "" : ": ", spec.op, " '", base, "'"));
  };
  if (op == nullptr) return fail(absl::NotFoundError("there is no op of this name"));
  node->op_ = op;
  node->attrs_ = std::move(spec.attrs);
  if (absl::Status s = CheckInputs(*this, spec.inputs, spec.control_inputs); !s.ok())
    return fail(s);
  if (absl::Status s = CompleteAttrs(*op, node->attrs_); !s.ok()) return fail(s);
  node->inputs_ = std::move(spec.inputs);
  node->control_inputs_ = std::move(spec.control_inputs);
  node->device_ = std::move(spec.device);
  node->recomputed_ = spec.recomputed;
  absl::StatusOr<std::vector<DType>> types = OutputTypes(*op, node->inputs_, node->attrs_);
  if (!types.ok()) return fail(types.status());
  node->output_types_ = *std::move(types);
  node->output_shapes_.resize(node->output_types_.size());

  std::vector<PartialShape> shapes;
  for (const Output& input : node->inputs_) shapes.push_back(input.shape());
  const Node& self = *node;
  ShapeContext context(self, std::move(shapes), [&self](int i) { return ConstantOf(self, i); });
  if (absl::Status s = op->shape(context); !s.ok()) return fail(s);
  for (const PartialShape& shape : context.outputs()) {
    if (absl::Status s = shape.Validate(); !s.ok()) return fail(s);
  }
  node->output_shapes_ = context.outputs();

  node->name_ = UniqueName(base);
  by_name_[node->name_] = node.get();
  nodes_.push_back(std::move(node));
  return nodes_.back().get();
}

Node* Graph::FindNode(const std::string& name) const {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

absl::StatusOr<Output> Graph::FindOutput(const std::string& name) const {
  const size_t colon = name.rfind(':');
  int index = 0;
  std::string node_name = name;
  const bool has_index =
      colon != std::string::npos && absl::SimpleAtoi(name.substr(colon + 1), &index);
  if (has_index) node_name = name.substr(0, colon);
  Node* node = FindNode(node_name);
  if (node == nullptr) {
    return absl::NotFoundError(absl::StrCat("the graph has no node '", node_name, "'"));
  }
  if (!has_index) return Output(node, node->num_outputs() == 0 ? Output::kControl : 0);
  if (index < 0 || index >= node->num_outputs()) {
    return absl::NotFoundError(
        absl::StrCat("node '", node_name, "' has ", node->num_outputs(), " outputs, not ", index));
  }
  return Output(node, index);
}

std::string Graph::UniqueName(const std::string& base) {
  if (by_name_.count(base) == 0) return base;
  int& suffix = next_suffix_[base];
  std::string name;
  do {
    name = absl::StrCat(base, "_", ++suffix);
  } while (by_name_.count(name) > 0);
  return name;
}

absl::StatusOr<std::vector<Node*>> Graph::TopologicalOrder() const {
  return viv::TopologicalOrder(*this,
                               [](const Node* a, const Node* b) { return a->id() < b->id(); });
}

void Graph::ReplaceUses(Output from, Output to, const Node* except) {
  for (const auto& node : nodes_) {
    if (node.get() == except) continue;
    for (int i = 0; i < node->num_inputs(); ++i) {
      if (node->input(i) == from) node->ReplaceInput(i, to);
    }
  }
}

void Graph::KeepOnly(const std::vector<bool>& keep) {
  std::vector<std::unique_ptr<Node>> kept;
  for (auto& node : nodes_) {
    if (keep[node->id_]) {
      kept.push_back(std::move(node));
    } else {
      by_name_.erase(node->name_);
    }
  }
  nodes_ = std::move(kept);
  for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i]->id_ = static_cast<int>(i);
}

absl::StatusOr<Output> Function::AddArgument(DType dtype, const PartialShape& shape,
                                             const CallSite& site) {
  NodeSpec spec;
  spec.op = "Argument";
  spec.name = absl::StrCat("argument_", arguments_.size());
  spec.attrs = {{"dtype", dtype}, {"shape", shape}};
  spec.site = site;
  ASSIGN_OR_RETURN(Node * node, body_->AddNode(std::move(spec)));
  arguments_.push_back(node);
  return node->out();
}

}  // namespace viv
