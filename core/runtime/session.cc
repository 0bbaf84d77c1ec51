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
    std::unique_ptr<ExecutorRun> run = executor_->Acquire();
    const absl::Status status = executor_->Compute(*run, arguments, {}, {}, results, step);
    executor_->Release(std::move(run));
    return status.ok() ? status
                       : Annotate(status, absl::StrCat("in function '", function_.name(), "'"));
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

absl::Status CheckFeed(const Output& output, const Tensor& value) {
  if (value.dtype() == output.dtype() && output.shape().Compatible(value.shape())) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(output.node->Describe(), " takes ", DTypeName(output.dtype()),
                   output.shape().ToString(), ", but is fed ",
                   value.valid() ? absl::StrCat(DTypeName(value.dtype()), value.shape().ToString())
                                 : "an invalid tensor"));
}

absl::Status CheckEnds(const Graph& graph, const std::vector<Output>& feeds,
                       const std::vector<Output>& fetches) {
  std::set<Output> seen;
  for (const Output& feed : feeds) {
    if (!feed.valid() || feed.index < 0 || &feed.node->graph() != &graph) {
      return absl::InvalidArgumentError("a feed is no output of this session's graph");
    }
    if (!seen.insert(feed).second) {
      return absl::InvalidArgumentError(absl::StrCat("'", feed.name(), "' is fed twice"));
    }
  }
  for (const Output& fetch : fetches) {
    if (!fetch.valid() || &fetch.node->graph() != &graph) {
      return absl::InvalidArgumentError("a fetch is no output of this session's graph");
    }
  }
  return absl::OkStatus();
}

}  // namespace

// What one kind of run needs, and memory that runs use again.
class PreparedRun::Program {
 public:
  // The vectors of one run.
  struct Memory {
    std::vector<Tensor> snapshots;
    std::vector<ValueVersion> versions;
  };

  std::vector<Output> feeds;
  std::vector<Output> fetches;
  std::unique_ptr<Executor> executor;
  std::vector<VariableState*> variables;
  std::vector<int> read;  // of the variables

  std::unique_ptr<Memory> Acquire() {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Memory> memory = std::move(idle_.back());
      idle_.pop_back();
      return memory;
    }
    auto memory = std::make_unique<Memory>();
    memory->snapshots.resize(variables.size());
    memory->versions.resize(variables.size());
    return memory;
  }
  void Release(std::unique_ptr<Memory> memory) {
    MutexLock lock(mutex_);
    idle_.push_back(std::move(memory));
  }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<Memory>> idle_ VIV_GUARDED_BY(mutex_);
};

struct Session::State {
  explicit State(const GraphBuilder& builder, SessionOptions options)
      : builder(builder), options(options) {}

  // Keeps the graph alive.
  GraphBuilder builder;
  SessionOptions options;

  mutable Mutex programs_mutex;
  std::map<std::pair<std::vector<Output>, std::vector<Output>>,
           std::shared_ptr<PreparedRun::Program>>
      programs VIV_GUARDED_BY(programs_mutex);

  // Guards the values: held for snapshots and for commits, not for the computation between.
  mutable Mutex variables_mutex;
  std::map<std::string, std::unique_ptr<VariableState>> variables VIV_GUARDED_BY(variables_mutex);
  int64_t runs VIV_GUARDED_BY(variables_mutex) = 0;

  absl::StatusOr<std::shared_ptr<PreparedRun::Program>> Prepare(const std::vector<Output>& feeds,
                                                                const std::vector<Output>& fetches);
  VariableState* Variable(const Node& node) VIV_REQUIRES(variables_mutex);
  absl::Status Run(PreparedRun::Program& program, absl::Span<const Tensor> feeds,
                   absl::Span<Tensor> results, const RunOptions& options);
  // With the memory of the run at hand.
  absl::Status Run(PreparedRun::Program& program, PreparedRun::Program::Memory& memory,
                   ExecutorRun& run, absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                   const RunOptions& options);
};

absl::StatusOr<std::shared_ptr<PreparedRun::Program>> Session::State::Prepare(
    const std::vector<Output>& feeds, const std::vector<Output>& fetches) {
  RETURN_IF_ERROR(builder.status());
  MutexLock lock(programs_mutex);
  std::shared_ptr<PreparedRun::Program>& found = programs[{feeds, fetches}];
  if (found != nullptr) return found;
  RETURN_IF_ERROR(CheckEnds(builder.graph(), feeds, fetches));
  auto program = std::make_shared<PreparedRun::Program>();
  program->feeds = feeds;
  program->fetches = fetches;
  ASSIGN_OR_RETURN(program->executor, MakeExecutor(builder.graph(), feeds, fetches));
  const SlotTable& table = program->executor->table();
  std::set<int> read;
  for (const Slot& slot : table.slots()) {
    if (slot.kind == Slot::Kind::kVariable) read.insert(slot.index);
  }
  program->read.assign(read.begin(), read.end());
  MutexLock variables_lock(variables_mutex);
  for (const Node* node : table.variables()) program->variables.push_back(Variable(*node));
  return found = std::move(program);
}

VariableState* Session::State::Variable(const Node& node) {
  std::unique_ptr<VariableState>& state = variables[node.name()];
  if (state == nullptr) {
    state = std::make_unique<VariableState>(node.name(), node.attrs().Type("dtype"),
                                            node.attrs().ShapeAttr("shape"));
  }
  return state.get();
}

absl::Status Session::State::Run(PreparedRun::Program& program,
                                 PreparedRun::Program::Memory& memory, ExecutorRun& run,
                                 absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                                 const RunOptions& run_options) {
  const Executor& executor = *program.executor;
  StepInfo step{.seed = options.seed};
  {
    MutexLock lock(variables_mutex);
    step.step = static_cast<uint64_t>(run_options.step >= 0 ? run_options.step : ++runs);
    for (const int i : program.read) {
      absl::StatusOr<Tensor> value = program.variables[i]->Read();
      if (!value.ok()) {
        return Annotate(value.status(), executor.table().variables()[i]->Describe());
      }
      memory.snapshots[i] = *std::move(value);
      memory.versions[i] = {program.variables[i]->id(), program.variables[i]->version()};
    }
  }
  const ParallelToken token;
  const absl::Status status = executor.Compute(run, feeds, memory.snapshots, memory.versions,
                                               results, step, run_options.profile);
  for (const int i : program.read) memory.snapshots[i] = Tensor();
  RETURN_IF_ERROR(status);
  MutexLock lock(variables_mutex);
  return executor.Commit(run, program.variables);
}

absl::Status Session::State::Run(PreparedRun::Program& program, absl::Span<const Tensor> feeds,
                                 absl::Span<Tensor> results, const RunOptions& run_options) {
  std::unique_ptr<PreparedRun::Program::Memory> memory = program.Acquire();
  std::unique_ptr<ExecutorRun> run = program.executor->Acquire();
  const absl::Status status = Run(program, *memory, *run, feeds, results, run_options);
  program.executor->Release(std::move(run));
  program.Release(std::move(memory));
  return status;
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

absl::StatusOr<PreparedRun> Session::Prepare(const std::vector<Output>& feeds,
                                             const std::vector<Output>& fetches) {
  ASSIGN_OR_RETURN(std::shared_ptr<PreparedRun::Program> program, state_->Prepare(feeds, fetches));
  return PreparedRun(state_.get(), std::move(program));
}

absl::Status PreparedRun::Run(absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                              const RunOptions& options) const {
  if (feeds.size() != program_->feeds.size() || results.size() != program_->fetches.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the run takes ", program_->feeds.size(), " feeds and ", program_->fetches.size(),
        " results, but is given ", feeds.size(), " and ", results.size()));
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    RETURN_IF_ERROR(CheckFeed(program_->feeds[i], feeds[i]));
  }
  return session_->Run(*program_, feeds, results, options);
}

absl::StatusOr<std::vector<Tensor>> Session::Run(const Feeds& feeds,
                                                 const std::vector<Output>& fetches,
                                                 RunOptions options) {
  std::vector<Output> fed;
  std::vector<Tensor> values;
  for (const auto& [output, value] : feeds) {
    fed.push_back(output);
    values.push_back(value);
  }
  ASSIGN_OR_RETURN(const PreparedRun prepared, Prepare(fed, fetches));
  std::vector<Tensor> results(fetches.size());
  RETURN_IF_ERROR(prepared.Run(values, absl::MakeSpan(results), options));
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
