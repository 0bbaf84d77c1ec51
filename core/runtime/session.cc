// Sessions: programs by what is fed and fetched, snapshots, commits.
#include "core/runtime/session.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/base/thread_annotations.h"
#include "core/runtime/program.h"
#include "core/tensor/finite.h"

namespace viv {
namespace {

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

// For check_numerics: the value that a node is fed or holds.
absl::Status CheckFinite(const Node& node, const char* verb, const Tensor& value) {
  const std::string found = DescribeNonFinite(value);
  if (found.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(node.Describe(), verb, found));
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

absl::StatusOr<DType> ParsePrecision(absl::string_view name) {
  if (name == "f32") return kFloat;
  if (name == "bf16") return kBFloat16;
  if (name == "int8") return kInt8;
  return absl::InvalidArgumentError(
      absl::StrCat("the precision is '", name, "': it must be f32, bf16 or int8"));
}

// A program with the session's variables.
struct PreparedRun::Entry {
  std::vector<Output> feeds;
  std::vector<Output> fetches;
  std::unique_ptr<Program> program;
  std::vector<VariableState*> variables;  // by the program's
};

struct Session::State {
  explicit State(const GraphBuilder& builder, SessionOptions options)
      : builder(builder), options(options) {}

  // Keeps the graph alive.
  GraphBuilder builder;
  SessionOptions options;
  // Outlives the programs.
  const std::unique_ptr<ThreadPool> threads = std::make_unique<ThreadPool>();

  mutable Mutex programs_mutex;
  std::map<std::pair<std::vector<Output>, std::vector<Output>>, std::shared_ptr<PreparedRun::Entry>>
      programs VIV_GUARDED_BY(programs_mutex);

  // Guards the values: held for snapshots and for commits, not for the computation between.
  mutable Mutex variables_mutex;
  std::map<std::string, std::unique_ptr<VariableState>> variables VIV_GUARDED_BY(variables_mutex);
  int64_t runs VIV_GUARDED_BY(variables_mutex) = 0;

  absl::StatusOr<std::shared_ptr<PreparedRun::Entry>> Prepare(const std::vector<Output>& feeds,
                                                              const std::vector<Output>& fetches);
  VariableState* Variable(const Node& node) VIV_REQUIRES(variables_mutex);
  absl::Status Run(PreparedRun::Entry& entry, absl::Span<const Tensor> feeds,
                   absl::Span<Tensor> results, const RunOptions& options);
  // With the memory of the run at hand.
  absl::Status Run(PreparedRun::Entry& entry, Program::RunState& run,
                   absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                   const RunOptions& options);
  // What the run begins with: feeds and variables.
  static absl::Status CheckNumerics(const PreparedRun::Entry& entry, const Program::RunState& run,
                                    absl::Span<const Tensor> feeds);
};

absl::StatusOr<std::shared_ptr<PreparedRun::Entry>> Session::State::Prepare(
    const std::vector<Output>& feeds, const std::vector<Output>& fetches) {
  RETURN_IF_ERROR(builder.status());
  MutexLock lock(programs_mutex);
  const auto key = std::make_pair(feeds, fetches);
  if (const auto found = programs.find(key); found != programs.end()) return found->second;
  RETURN_IF_ERROR(CheckEnds(builder.graph(), feeds, fetches));
  auto entry = std::make_shared<PreparedRun::Entry>();
  entry->feeds = feeds;
  entry->fetches = fetches;
  ProgramOptions program_options{
      .passes = options.passes, .check_numerics = options.check_numerics, .threads = threads.get()};
  program_options.placement = {.hard = options.hard_placement, .costs = options.costs.get()};
  for (int i = 1; i < options.cpu_devices; ++i) {
    program_options.placement.devices.push_back(LocalCpu(i));
  }
  ASSIGN_OR_RETURN(entry->program,
                   Program::Create(builder.graph(), feeds, fetches, program_options));
  MutexLock variables_lock(variables_mutex);
  for (const Node* node : entry->program->variables()) entry->variables.push_back(Variable(*node));
  return programs[key] = std::move(entry);
}

VariableState* Session::State::Variable(const Node& node) {
  std::unique_ptr<VariableState>& state = variables[node.name()];
  if (state == nullptr) {
    state = std::make_unique<VariableState>(node.name(), node.attrs().Type("dtype"),
                                            node.attrs().ShapeAttr("shape"));
  }
  return state.get();
}

absl::Status Session::State::Run(PreparedRun::Entry& entry, Program::RunState& run,
                                 absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                                 const RunOptions& run_options) {
  const Program& program = *entry.program;
  StepInfo step{.seed = options.seed, .env = options.env};
  {
    MutexLock lock(variables_mutex);
    step.step = static_cast<uint64_t>(run_options.step >= 0 ? run_options.step : ++runs);
    for (const int i : program.read()) {
      absl::StatusOr<Tensor> value = entry.variables[i]->Read();
      if (!value.ok()) return Annotate(value.status(), program.variables()[i]->Describe());
      run.snapshots[i] = *std::move(value);
      run.versions[i] = {entry.variables[i]->id(), entry.variables[i]->version()};
    }
  }
  if (options.check_numerics) RETURN_IF_ERROR(CheckNumerics(entry, run, feeds));
  const ParallelToken token;
  RETURN_IF_ERROR(program.Compute(run, feeds, results, step, run_options.profile));
  MutexLock lock(variables_mutex);
  return program.Commit(run, entry.variables);
}

absl::Status Session::State::CheckNumerics(const PreparedRun::Entry& entry,
                                           const Program::RunState& run,
                                           absl::Span<const Tensor> feeds) {
  for (size_t i = 0; i < feeds.size(); ++i) {
    RETURN_IF_ERROR(CheckFinite(*entry.feeds[i].node, " is fed ", feeds[i]));
  }
  for (const int i : entry.program->read()) {
    RETURN_IF_ERROR(CheckFinite(*entry.program->variables()[i], " holds ", run.snapshots[i]));
  }
  return absl::OkStatus();
}

absl::Status Session::State::Run(PreparedRun::Entry& entry, absl::Span<const Tensor> feeds,
                                 absl::Span<Tensor> results, const RunOptions& run_options) {
  std::unique_ptr<Program::RunState> run = entry.program->Acquire();
  const absl::Status status = Run(entry, *run, feeds, results, run_options);
  entry.program->Release(std::move(run));
  return status;
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

absl::StatusOr<Session> Session::Create(const GraphBuilder& builder, SessionOptions options) {
  RETURN_IF_ERROR(builder.status());
  if (options.cpu_devices < 1 || options.cpu_devices > SessionOptions::kMaxCpuDevices) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.cpu_devices, " CPU devices, outside 1 to ", SessionOptions::kMaxCpuDevices));
  }
  if (options.precision != kFloat && options.precision != kBFloat16 && options.precision != kInt8) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the precision is ", DTypeName(options.precision), ": it must be float, bfloat16 or int8"));
  }
  if (options.precision != kFloat) options.passes.precision = options.precision;
  // Every node runs under its own name.
  if (options.check_numerics) options.passes.fuse = false;
  return Session(std::make_unique<State>(builder, options));
}

absl::StatusOr<Session> Session::Create(std::unique_ptr<Graph> graph, SessionOptions options) {
  if (graph == nullptr) return absl::InvalidArgumentError("there is no graph");
  return Create(GraphBuilder(std::move(graph)), options);
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
  ASSIGN_OR_RETURN(std::shared_ptr<PreparedRun::Entry> entry, state_->Prepare(feeds, fetches));
  return PreparedRun(state_.get(), std::move(entry));
}

absl::Status PreparedRun::Run(absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                              const RunOptions& options) const {
  if (feeds.size() != entry_->feeds.size() || results.size() != entry_->fetches.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the run takes ", entry_->feeds.size(), " feeds and ", entry_->fetches.size(),
                     " results, but is given ", feeds.size(), " and ", results.size()));
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    RETURN_IF_ERROR(CheckFeed(entry_->feeds[i], feeds[i]));
  }
  return session_->Run(*entry_, feeds, results, options);
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

std::string PreparedRun::Explain() const { return entry_->program->Explain(); }

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
