// GraphBuilder, the captures of functions, and BuildFunction.
#include "core/graph/builder.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {

GraphBuilder::GraphBuilder() : GraphBuilder(std::make_unique<Graph>()) {}

GraphBuilder::GraphBuilder(std::unique_ptr<Graph> graph) : GraphBuilder(graph.get()) {
  state_->owned = std::move(graph);
}

GraphBuilder::GraphBuilder(Graph* graph) : state_(std::make_shared<State>()) {
  state_->graph = graph;
}

void GraphBuilder::SetError(const absl::Status& status, const CallSite& site) const {
  if (status.ok() || !state_->status.ok()) return;
  // Messages of Graph::AddNode begin with the site already.
  const std::string where = site.ToString();
  const bool located =
      where.empty() || absl::string_view(status.message()).substr(0, where.size()) == where;
  state_->status = located ? status : Annotate(status, where);
}

GraphBuilder GraphBuilder::Scope(const std::string& name) const {
  GraphBuilder copy = *this;
  copy.scope_ = scope_.empty() ? name : absl::StrCat(scope_, "/", name);
  copy.name_.clear();
  return copy;
}

GraphBuilder GraphBuilder::Named(const std::string& name) const {
  GraphBuilder copy = *this;
  copy.name_ = name;
  return copy;
}

GraphBuilder GraphBuilder::OnDevice(const std::string& device) const {
  GraphBuilder copy = *this;
  copy.device_ = device;
  return copy;
}

GraphBuilder GraphBuilder::After(const std::vector<Output>& controls) const {
  GraphBuilder copy = *this;
  for (const Output& control : controls) {
    if (control.valid()) copy.controls_.push_back(control.node);
  }
  return copy;
}

GraphBuilder GraphBuilder::Recomputing() const {
  GraphBuilder copy = *this;
  copy.recomputing_ = true;
  return copy;
}

GraphBuilder GraphBuilder::At(const CallSite& site) const {
  GraphBuilder copy = *this;
  copy.site_ = site;
  return copy;
}

absl::StatusOr<Output> GraphBuilder::Import(State& state, Output input, const CallSite& site) {
  if (&input.node->graph() == state.graph) return input;
  if (state.outer == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", input.name(), "' belongs to another graph"));
  }
  ASSIGN_OR_RETURN(const Output outer, Import(*state.outer, input, site));
  for (size_t i = 0; i < state.captures.size(); ++i) {
    if (state.captures[i] == outer) return state.captured_arguments[i];
  }
  if (outer.dtype() == kResource) {
    return absl::InvalidArgumentError(
        absl::StrCat("variable '", outer.node->name(), "' cannot be updated inside a function"));
  }
  if (outer.node->op_name() == "Const") {
    // A copy keeps the value visible to the shape functions inside.
    NodeSpec spec;
    spec.op = "Const";
    spec.attrs = outer.node->attrs();
    spec.site = site;
    ASSIGN_OR_RETURN(Node * copy, state.graph->AddNode(std::move(spec)));
    return copy->out();
  }
  ASSIGN_OR_RETURN(const Output argument,
                   state.function->AddArgument(outer.dtype(), outer.shape(), site));
  state.captures.push_back(outer);
  state.captured_arguments.push_back(argument);
  return argument;
}

CallSite BuilderRef::site() const {
  return builder_->site_.file.empty() ? CallSite{file_, line_} : builder_->site_;
}

Node* BuilderRef::AddNode(const std::string& op, std::vector<Output> inputs, AttrMap attrs) const {
  GraphBuilder::State& state = *builder_->state_;
  if (!state.status.ok()) return nullptr;
  NodeSpec spec;
  spec.op = op;
  spec.site = site();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].valid()) {
      SetError(absl::InvalidArgumentError(absl::StrCat(op, ": input ", i, " is missing")));
      return nullptr;
    }
    absl::StatusOr<Output> imported = GraphBuilder::Import(state, inputs[i], spec.site);
    if (!imported.ok()) {
      SetError(Annotate(imported.status(), op));
      return nullptr;
    }
    inputs[i] = *imported;
  }
  for (Node* control : builder_->controls_) {
    // A control input from outside a function holds for the node that runs the function.
    if (&control->graph() == state.graph) spec.control_inputs.push_back(control);
  }
  const std::string name = builder_->name_.empty() ? op : builder_->name_;
  spec.name = builder_->scope_.empty() ? name : absl::StrCat(builder_->scope_, "/", name);
  spec.inputs = std::move(inputs);
  spec.attrs = std::move(attrs);
  spec.device = builder_->device_;
  spec.recomputed = builder_->recomputing_;
  absl::StatusOr<Node*> node = state.graph->AddNode(std::move(spec));
  if (node.ok()) return *node;
  SetError(node.status());
  return nullptr;
}

Output BuilderRef::Add(const std::string& op, std::vector<Output> inputs, AttrMap attrs) const {
  return Output(AddNode(op, std::move(inputs), std::move(attrs)), 0);
}

Output BuilderRef::AddTarget(const std::string& op, std::vector<Output> inputs,
                             AttrMap attrs) const {
  return Output(AddNode(op, std::move(inputs), std::move(attrs)), Output::kControl);
}

std::vector<Output> BuilderRef::AddMany(const std::string& op, std::vector<Output> inputs,
                                        AttrMap attrs, int count) const {
  Node* node = AddNode(op, std::move(inputs), std::move(attrs));
  std::vector<Output> outputs(count);
  for (int i = 0; node != nullptr && i < count; ++i) outputs[i] = Output(node, i);
  return outputs;
}

// Gives BuildFunction access to the builder's state.
class FunctionScope {
 public:
  static GraphBuilder Inner(const GraphBuilder& outer, Function* function) {
    GraphBuilder inner(&function->body());
    inner.state_->outer = outer.state_;
    inner.state_->function = function;
    inner.site_ = outer.site_;
    return inner;
  }
  static absl::StatusOr<Output> Import(const GraphBuilder& inner, Output output,
                                       const CallSite& site) {
    return GraphBuilder::Import(*inner.state_, output, site);
  }
  static const std::vector<Output>& Captures(const GraphBuilder& inner) {
    return inner.state_->captures;
  }
};

BuiltFunction BuildFunction(BuilderRef b, const std::string& name,
                            const std::vector<ArgumentSpec>& arguments, const FunctionBody& body) {
  BuiltFunction built;
  if (!b.builder().ok()) return built;
  Graph& graph = b.builder().graph();
  FunctionLibrary& library = graph.library();
  // The name of a function around this one tells it apart, which is not in the library yet.
  std::string scoped = name;
  for (const std::string& outer : {b.builder().scope(), b.builder().function_name()}) {
    if (!outer.empty()) scoped = absl::StrCat(outer, "/", scoped);
  }
  auto function = std::make_unique<Function>(library.UniqueName(scoped), graph.shared_library());
  GraphBuilder inner = FunctionScope::Inner(b.builder(), function.get());
  std::vector<Output> args;
  for (const ArgumentSpec& spec : arguments) {
    absl::StatusOr<Output> argument = function->AddArgument(spec.dtype, spec.shape, b.site());
    if (!argument.ok()) return b.SetError(argument.status()), built;
    args.push_back(*argument);
  }
  std::vector<Output> results = body(inner, args);
  if (!inner.ok()) return b.SetError(inner.status()), built;
  for (Output& result : results) {
    if (!result.valid() || result.index < 0) {
      return b.SetError(absl::InvalidArgumentError(
                 absl::StrCat("function '", name, "' returns an output that does not exist"))),
             built;
    }
    absl::StatusOr<Output> imported = FunctionScope::Import(inner, result, b.site());
    if (!imported.ok()) return b.SetError(imported.status()), built;
    result = *imported;
    built.result_types.push_back(result.dtype());
    built.result_shapes.push_back(result.shape());
  }
  function->set_results(std::move(results));
  built.captures = FunctionScope::Captures(inner);
  const std::string unique = function->name();
  if (absl::Status status = library.Add(std::move(function)); !status.ok()) {
    return b.SetError(status), built;
  }
  built.name = unique;
  return built;
}

}  // namespace viv
