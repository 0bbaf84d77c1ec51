// Variable, ReadVariable, InitializeVariable: a piece of state, its snapshot at the start of a run,
// and its first value.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/state.h"

namespace viv {
namespace {

const OpRegistration kVariable({
    .name = "Variable",
    .doc = "A tensor that outlasts runs; its node's name is its key in checkpoints.",
    .outputs = {{"handle", kResource}},
    .attrs = {{"dtype", AttrType::kType},
              {"shape", AttrType::kShape},
              {"trainable", AttrValue(true)}},
    .shape =
        [](ShapeContext& c) {
          c.set_output(0, c.attrs().ShapeAttr("shape"));
          return absl::OkStatus();
        },
    .gradient = NotDifferentiable(),
    .stateful = true,
});

// The executor binds the output to the snapshot; nothing runs.
const OpRegistration kReadVariable({
    .name = "ReadVariable",
    .doc = "The value of a variable at the start of the run.",
    .inputs = {{"handle", kResource}},
    .outputs = {{"value", "dtype"}},
    .attrs = {{"dtype", AttrType::kType}},
    .shape = UnchangedShape,
    .gradient = NotDifferentiable(),
});

const OpRegistration kInitialize({
    .name = "InitializeVariable",
    .doc = "Gives a variable its first value; Session::Initialize() runs all of these.",
    .inputs = {{"handle", kResource}, {"value", "T"}},
    .types = {{"T", kAllTypes}},
    .shape = NoOutputs,
    .gradient = NotDifferentiable(),
    .updates = 1,
});

}  // namespace

Variable::Variable(BuilderRef b, const std::string& name, Output initial, VariableOptions options)
    : initial_(initial) {
  if (!initial.valid()) {
    b.SetError(absl::InvalidArgumentError("Variable '" + name + "': no initial value"));
    return;
  }
  const GraphBuilder at = b.builder().At(b.site());
  const DType dtype = initial.dtype();
  handle_ =
      BuilderRef(at.Named(name))
          .Add("Variable", {},
               {{"dtype", dtype}, {"shape", initial.shape()}, {"trainable", options.trainable}});
  if (!handle_.valid()) return;
  const GraphBuilder inside = at.Scope(name);
  read_ = BuilderRef(inside.Named("read")).Add("ReadVariable", {handle_}, {{"dtype", dtype}});
  BuilderRef(inside.Named("initialize")).AddTarget("InitializeVariable", {handle_, initial});
}

absl::StatusOr<Variable> Variable::FromNode(Node* node) {
  if (node->op_name() != "Variable") {
    return absl::InvalidArgumentError(node->Describe() + " is no variable");
  }
  Variable variable;
  variable.handle_ = node->out();
  for (const auto& other : node->graph().nodes()) {
    if (other->num_inputs() == 0 || other->input(0) != variable.handle_) continue;
    if (other->op_name() == "ReadVariable") variable.read_ = other->out();
    if (other->op_name() == "InitializeVariable") variable.initial_ = other->input(1);
  }
  if (variable.read_.valid()) return variable;
  return absl::NotFoundError("the graph never reads " + node->Describe());
}

std::vector<Variable> Variables(const Graph& graph, bool trainable_only) {
  std::vector<Variable> variables;
  for (const auto& node : graph.nodes()) {
    if (node->op_name() != "Variable") continue;
    if (trainable_only && !node->attrs().Bool("trainable")) continue;
    absl::StatusOr<Variable> variable = Variable::FromNode(node.get());
    if (variable.ok()) variables.push_back(*variable);
  }
  return variables;
}

}  // namespace viv
