// Sessions: programs by what is fed and fetched, snapshots, commits.
#include "core/runtime/session.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/base/thread_annotations.h"
#include "core/graph/shape_context.h"
#include "core/runtime/executor.h"

namespace viv {
namespace {

// The nodes that compute `fetches` from `feeds`, in topological order.
absl::StatusOr<std::vector<Node*>> Reachable(const Graph& graph, const std::vector<Output>& feeds,
                                             const std::vector<Output>& fetches) {
  const std::set<Output> fed(feeds.begin(), feeds.end());
  std::set<Node*> wanted;
  std::vector<Node*> stack;
  const auto visit = [&](Node* node) {
    if (wanted.insert(node).second) stack.push_back(node);
  };
  for (const Output& fetch : fetches) {
    if (fed.count(fetch) == 0) visit(fetch.node);
  }
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    for (const Output& input : node->inputs()) {
      if (fed.count(input) == 0) visit(input.node);
    }
    for (Node* control : node->control_inputs()) visit(control);
  }
  ASSIGN_OR_RETURN(std::vector<Node*> order, graph.TopologicalOrder());
  order.erase(std::remove_if(order.begin(), order.end(),
                             [&](Node* node) { return wanted.count(node) == 0; }),
              order.end());
  return order;
}

absl::StatusOr<std::unique_ptr<Executor>> MakeExecutor(const Graph& graph,
                                                       const std::vector<Output>& feeds,
                                                       const std::vector<Output>& fetches);

// The body of a function with an executor of its own.
class FunctionCallable : public Callable {
 public:
  FunctionCallable(const Function& function, std::unique_ptr<Executor> executor)
      : function_(function), executor_(std::move(executor)) {}

  absl::StatusOr<std::vector<PartialShape>> ResultShapes(
      absl::Span<const PartialShape> arguments) const override {
    return InferFunctionShapes(function_, arguments);
  }
  absl::Status Run(absl::Span<const Tensor> arguments, absl::Span<Tensor> results,
                   const StepInfo& step) const override {
    ExecutorRun run;
    return Annotate(executor_->Compute(run, arguments, {}, {}, results, step),
                    absl::StrCat("in function '", function_.name(), "'"));
  }

 private:
  const Function& function_;
  std::unique_ptr<Executor> executor_;
};

absl::StatusOr<std::unique_ptr<Callable>> MakeCallable(const FunctionLibrary& library,
                                                       const std::string& name) {
  const Function* function = library.Find(name);
  if (function == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no function '", name, "'"));
  }
  std::vector<Output> arguments;
  for (Node* argument : function->arguments()) arguments.push_back(argument->out());
  ASSIGN_OR_RETURN(std::unique_ptr<Executor> executor,
                   MakeExecutor(function->body(), arguments, function->results()));
  return std::unique_ptr<Callable>(
      std::make_unique<FunctionCallable>(*function, std::move(executor)));
}

absl::StatusOr<std::unique_ptr<Executor>> MakeExecutor(const Graph& graph,
                                                       const std::vector<Output>& feeds,
                                                       const std::vector<Output>& fetches) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, Reachable(graph, feeds, fetches));
  ASSIGN_OR_RETURN(SlotTable table, SlotTable::Create(order, feeds, fetches, "cpu"));
  const std::shared_ptr<FunctionLibrary> library = graph.shared_library();
  return std::make_unique<Executor>(std::move(table), [library](const std::string& name) {
    return MakeCallable(*library, name);
  });
}

absl::Status CheckFeeds(const Graph& graph, const Feeds& feeds) {
  std::set<Output> seen;
  for (const auto& [output, value] : feeds) {
    if (!output.valid() || output.index < 0 || &output.node->graph() != &graph) {
      return absl::InvalidArgumentError("a feed is no output of this session's graph");
    }
    if (!seen.insert(output).second) {
      return absl::InvalidArgumentError(absl::StrCat("'", output.name(), "' is fed twice"));
    }
    if (value.dtype() != output.dtype() || !output.shape().Compatible(value.shape())) {
      return absl::InvalidArgumentError(absl::StrCat(
          output.node->Describe(), " takes ", DTypeName(output.dtype()), output.shape().ToString(),
          ", but is fed ",
          value.valid() ? absl::StrCat(DTypeName(value.dtype()), value.shape().ToString())
                        : "an invalid tensor"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct Session::State {
  explicit State(const GraphBuilder& builder, SessionOptions options)
      : builder(builder), options(options) {}

  // Keeps the graph alive.
  GraphBuilder builder;
  SessionOptions options;

  mutable Mutex programs_mutex;
  std::map<std::pair<std::vector<Output>, std::vector<Output>>, std::shared_ptr<Executor>> programs
      VIV_GUARDED_BY(programs_mutex);

  // Guards the values: held for snapshots and for commits, not for the computation between.
  mutable Mutex variables_mutex;
  std::map<std::string, std::unique_ptr<VariableState>> variables VIV_GUARDED_BY(variables_mutex);
  int64_t runs VIV_GUARDED_BY(variables_mutex) = 0;

  absl::StatusOr<std::shared_ptr<Executor>> Program(const std::vector<Output>& feeds,
                                                    const std::vector<Output>& fetches);
  VariableState* Variable(const Node& node) VIV_REQUIRES(variables_mutex);
};

absl::StatusOr<std::shared_ptr<Executor>> Session::State::Program(
    const std::vector<Output>& feeds, const std::vector<Output>& fetches) {
  MutexLock lock(programs_mutex);
  std::shared_ptr<Executor>& program = programs[{feeds, fetches}];
  if (program == nullptr) {
    ASSIGN_OR_RETURN(program, MakeExecutor(builder.graph(), feeds, fetches));
  }
  return program;
}

VariableState* Session::State::Variable(const Node& node) {
  std::unique_ptr<VariableState>& state = variables[node.name()];
  if (state == nullptr) {
    state = std::make_unique<VariableState>(node.name(), node.attrs().Type("dtype"),
                                            node.attrs().ShapeAttr("shape"));
  }
  return state.get();
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

absl::StatusOr<Session> Session::Create(const GraphBuilder& builder, SessionOptions options) {
  RETURN_IF_ERROR(builder.status());
  return Session(std::make_unique<State>(builder, options));
}

absl::Status Session::Initialize() {
  std::vector<Output> targets;
  for (const auto& node : state_->builder.graph().nodes()) {
    if (node->op_name() == "InitializeVariable") {
      targets.emplace_back(node.get(), Output::kControl);
    }
  }
  return Run({}, targets, {.step = 0}).status();
}

absl::StatusOr<std::vector<Tensor>> Session::Run(const Feeds& feeds,
                                                 const std::vector<Output>& fetches,
                                                 RunOptions options) {
  RETURN_IF_ERROR(state_->builder.status());
  RETURN_IF_ERROR(CheckFeeds(state_->builder.graph(), feeds));
  for (const Output& fetch : fetches) {
    if (!fetch.valid() || &fetch.node->graph() != &state_->builder.graph()) {
      return absl::InvalidArgumentError("a fetch is no output of this session's graph");
    }
  }
  std::vector<Output> fed;
  std::vector<Tensor> values;
  for (const auto& [output, value] : feeds) {
    fed.push_back(output);
    values.push_back(value);
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<Executor> program, state_->Program(fed, fetches));
  const SlotTable& table = program->table();

  std::vector<VariableState*> variables;
  std::vector<Tensor> snapshots(table.variables().size());
  std::vector<ValueVersion> versions(table.variables().size());
  std::set<int> read;
  for (const Slot& slot : table.slots()) {
    if (slot.kind == Slot::Kind::kVariable) read.insert(slot.index);
  }
  StepInfo step{.seed = state_->options.seed};
  {
    MutexLock lock(state_->variables_mutex);
    step.step = static_cast<uint64_t>(options.step >= 0 ? options.step : ++state_->runs);
    for (const Node* node : table.variables()) variables.push_back(state_->Variable(*node));
    for (const int i : read) {
      absl::StatusOr<Tensor> value = variables[i]->Read();
      if (!value.ok()) return Annotate(value.status(), table.variables()[i]->Describe());
      snapshots[i] = *std::move(value);
      versions[i] = {variables[i]->id(), variables[i]->version()};
    }
  }
  const ParallelToken token;
  ExecutorRun run;
  std::vector<Tensor> results(fetches.size());
  RETURN_IF_ERROR(
      program->Compute(run, values, snapshots, versions, absl::MakeSpan(results), step));
  snapshots.clear();
  MutexLock lock(state_->variables_mutex);
  RETURN_IF_ERROR(program->Commit(run, variables));
  return results;
}

std::map<std::string, Tensor> Session::VariableValues() const {
  MutexLock lock(state_->variables_mutex);
  std::map<std::string, Tensor> values;
  for (const auto& [name, variable] : state_->variables) {
    if (variable->initialized()) values[name] = variable->value();
  }
  return values;
}

absl::Status Session::SetVariable(const std::string& name, const Tensor& value) {
  const Node* node = state_->builder.graph().FindNode(name);
  if (node == nullptr || node->op_name() != "Variable") {
    return absl::NotFoundError(absl::StrCat("the graph has no variable '", name, "'"));
  }
  MutexLock lock(state_->variables_mutex);
  return state_->Variable(*node)->Assign(value);
}

}  // namespace viv
