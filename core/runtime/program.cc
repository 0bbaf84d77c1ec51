// From a graph to executors, and runs on several of them at a time.
#include "core/runtime/program.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/runtime/functions.h"

namespace viv {
namespace {

std::string DescribeOutput(const Output& output) {
  return absl::StrCat(DTypeName(output.dtype()), output.shape().ToString());
}

// "  encoder/MatMul: MatMul(x:0, encoder/w/read:0) -> float[?, 512]".
std::string ExplainNode(Node& node) {
  std::vector<std::string> outputs;
  for (int i = 0; i < node.num_outputs(); ++i) outputs.push_back(DescribeOutput(node.out(i)));
  return absl::StrCat("  ", node.name(), ": ", OpLabel(node), "(",
                      absl::StrJoin(node.inputs(), ", ",
                                    [](std::string* out, const Output& input) {
                                      absl::StrAppend(out, input.name());
                                    }),
                      ")", outputs.empty() ? "" : " -> ", absl::StrJoin(outputs, ", "), "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Program>> Program::Create(const Graph& graph,
                                                         const std::vector<Output>& feeds,
                                                         const std::vector<Output>& fetches,
                                                         const ProgramOptions& options) {
  std::unique_ptr<Program> program(new Program(options));
  RETURN_IF_ERROR(program->Build(graph, feeds, fetches));
  return program;
}

absl::Status Program::Build(const Graph& graph, const std::vector<Output>& feeds,
                            const std::vector<Output>& fetches) {
  ASSIGN_OR_RETURN(graph_, ProgramGraph::Create(graph, feeds, fetches));
  ASSIGN_OR_RETURN(report_, OptimizeForCpu(*graph_, options_.passes));
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph_->Order());
  ASSIGN_OR_RETURN(const auto placement, Place(order, options_.placement));
  ASSIGN_OR_RETURN(std::vector<Partition> partitions, MakePartitions(*graph_, order, placement));
  if (partitions.empty()) partitions.emplace_back();
  std::vector<std::vector<int>> fetches_of(partitions.size());
  for (size_t f = 0; f < graph_->fetches().size(); ++f) {
    const int device = placement.at(graph_->fetches()[f].node);
    const auto it = std::find_if(partitions.begin(), partitions.end(),
                                 [device](const Partition& p) { return p.device == device; });
    // What is fed is everywhere, and a group is nowhere.
    fetches_of[it == partitions.end() ? 0 : it - partitions.begin()].push_back(static_cast<int>(f));
  }
  for (size_t p = 0; p < partitions.size(); ++p) {
    RETURN_IF_ERROR(AddPart(partitions[p], fetches_of[p]));
  }
  return absl::OkStatus();
}

absl::Status Program::AddPart(const Partition& partition, const std::vector<int>& fetches) {
  const DeviceName& device = options_.placement.devices[partition.device];
  std::vector<Output> fetched;
  for (const int f : fetches) fetched.push_back(graph_->fetches()[f]);
  ASSIGN_OR_RETURN(SlotTable table,
                   SlotTable::Create(partition.order, graph_->feeds(), fetched, device.type));
  Part part{.device = device.ToString(),
            .first_variable = static_cast<int>(variables_.size()),
            .fetches = fetches};
  std::set<int> read;
  for (const Slot& slot : table.slots()) {
    if (slot.kind == Slot::Kind::kVariable) read.insert(part.first_variable + slot.index);
  }
  read_.insert(read_.end(), read.begin(), read.end());
  variables_.insert(variables_.end(), table.variables().begin(), table.variables().end());
  part.executor = std::make_unique<Executor>(
      std::move(table),
      MakeCallables(graph_->graph().shared_library(), options_.passes, options_.check_numerics),
      options_.check_numerics);
  parts_.push_back(std::move(part));
  return absl::OkStatus();
}

std::unique_ptr<Program::RunState> Program::Acquire() const {
  std::unique_ptr<RunState> run;
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      run = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (run == nullptr) {
    run = std::make_unique<RunState>();
    run->snapshots.resize(variables_.size());
    run->versions.resize(variables_.size());
    run->executor_runs.resize(parts_.size());
    run->results.resize(parts_.size());
  }
  for (size_t p = 0; p < parts_.size(); ++p) {
    run->executor_runs[p] = parts_[p].executor->Acquire();
  }
  return run;
}

void Program::Release(std::unique_ptr<RunState> run) const {
  for (size_t p = 0; p < parts_.size(); ++p) {
    parts_[p].executor->Release(std::move(run->executor_runs[p]));
  }
  for (const int i : read_) run->snapshots[i] = Tensor();
  MutexLock lock(mutex_);
  idle_.push_back(std::move(run));
}

absl::Status Program::ComputePart(RunState& run, int part, absl::Span<const Tensor> feeds,
                                  absl::Span<Tensor> results, const StepInfo& step,
                                  Profile* profile) const {
  const Part& p = parts_[part];
  return p.executor->Compute(
      *run.executor_runs[part], feeds, absl::MakeConstSpan(run.snapshots).subspan(p.first_variable),
      absl::MakeConstSpan(run.versions).subspan(p.first_variable), results, step, profile);
}

absl::Status Program::ComputeParts(RunState& run, absl::Span<const Tensor> feeds,
                                   absl::Span<Tensor> results, StepInfo step,
                                   Profile* profile) const {
  step.rendezvous = &run.rendezvous;
  const auto compute = [&, this](int part) {
    const SerialRegion one_thread;
    const absl::Status status =
        ComputePart(run, part, feeds, absl::MakeSpan(run.results[part]), step, profile);
    if (!status.ok()) run.rendezvous.Abort(status);
  };
  const int count = static_cast<int>(parts_.size());
  for (int p = 0; p < count; ++p) {
    run.results[p].clear();
    for (const int fetch : parts_[p].fetches) run.results[p].push_back(results[fetch]);
  }
  {
    MutexLock lock(run.mutex);
    run.running = count - 1;
  }
  const auto finish = [&run] {
    MutexLock lock(run.mutex);
    if (--run.running == 0) run.done.NotifyOne();
  };
  for (int p = 1; p < count; ++p) {
    const absl::Status started = options_.threads->Start([&compute, &finish, p] {
      compute(p);
      finish();
    });
    if (started.ok()) continue;
    run.rendezvous.Abort(started);
    finish();
  }
  compute(0);
  {
    MutexLock lock(run.mutex);
    while (run.running > 0) run.done.Wait(run.mutex);
  }
  const absl::Status status = run.rendezvous.status();
  run.rendezvous.Reset();
  for (int p = 0; p < count; ++p) {
    for (size_t i = 0; status.ok() && i < parts_[p].fetches.size(); ++i) {
      results[parts_[p].fetches[i]] = std::move(run.results[p][i]);
    }
    run.results[p].clear();
  }
  return status;
}

absl::Status Program::Compute(RunState& run, absl::Span<const Tensor> feeds,
                              absl::Span<Tensor> results, const StepInfo& step,
                              Profile* profile) const {
  const absl::Status status = parts_.size() == 1
                                  ? ComputePart(run, 0, feeds, results, step, profile)
                                  : ComputeParts(run, feeds, results, step, profile);
  // A variable with one reference is updated in place.
  for (const int i : read_) run.snapshots[i] = Tensor();
  return status;
}

absl::Status Program::Commit(RunState& run, absl::Span<VariableState* const> variables) const {
  absl::Status status;
  for (size_t p = 0; status.ok() && p < parts_.size(); ++p) {
    status = parts_[p].executor->PrepareCommit(*run.executor_runs[p],
                                               variables.subspan(parts_[p].first_variable));
  }
  if (!status.ok()) {
    for (VariableState* variable : variables) variable->CancelPrepared();
    return status;
  }
  for (size_t p = 0; p < parts_.size(); ++p) {
    RETURN_IF_ERROR(parts_[p].executor->Commit(*run.executor_runs[p]));
  }
  return absl::OkStatus();
}

std::string Program::Explain() const {
  std::string text = absl::StrCat(report_.ToString(), "\n");
  for (const Part& part : parts_) {
    absl::StrAppend(&text, part.device, ":\n");
    for (const OrderedNode& node : part.executor->table().nodes()) text += ExplainNode(*node.node);
    const MemoryUse memory = part.executor->memory();
    absl::StrAppend(&text, "memory: constants ", memory.constant_bytes, " bytes, static peak ",
                    memory.arena_bytes, ", high water ", memory.high_water_bytes, ", plans ",
                    memory.plans, "\n");
  }
  return text;
}

}  // namespace viv
