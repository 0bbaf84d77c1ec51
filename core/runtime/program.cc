// From a graph to executors.
#include "core/runtime/program.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
  return absl::StrCat("  ", node.name(), ": ", node.op_name(), "(",
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
  std::unique_ptr<Program> program(new Program);
  ASSIGN_OR_RETURN(program->graph_, ProgramGraph::Create(graph, feeds, fetches));
  ProgramGraph& copy = *program->graph_;
  ASSIGN_OR_RETURN(program->report_, OptimizeForCpu(copy, options.passes));
  ASSIGN_OR_RETURN(const std::vector<Node*> order, copy.Order());
  ASSIGN_OR_RETURN(SlotTable table, SlotTable::Create(order, copy.feeds(), copy.fetches(), "cpu"));
  std::set<int> read;
  for (const Slot& slot : table.slots()) {
    if (slot.kind == Slot::Kind::kVariable) read.insert(slot.index);
  }
  program->read_.assign(read.begin(), read.end());
  program->variables_.assign(table.variables().begin(), table.variables().end());
  program->executor_ = std::make_unique<Executor>(
      std::move(table), MakeCallables(graph.shared_library(), options.passes));
  return program;
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
  }
  run->executor_run = executor_->Acquire();
  return run;
}

void Program::Release(std::unique_ptr<RunState> run) const {
  executor_->Release(std::move(run->executor_run));
  for (const int i : read_) run->snapshots[i] = Tensor();
  MutexLock lock(mutex_);
  idle_.push_back(std::move(run));
}

absl::Status Program::Compute(RunState& run, absl::Span<const Tensor> feeds,
                              absl::Span<Tensor> results, const StepInfo& step,
                              Profile* profile) const {
  const absl::Status status = executor_->Compute(*run.executor_run, feeds, run.snapshots,
                                                 run.versions, results, step, profile);
  // A variable with one reference is updated in place.
  for (const int i : read_) run.snapshots[i] = Tensor();
  return status;
}

absl::Status Program::Commit(RunState& run, absl::Span<VariableState* const> variables) const {
  return executor_->Commit(*run.executor_run, variables);
}

std::string Program::Explain() const {
  const MemoryUse memory = executor_->memory();
  std::string text = absl::StrCat(report_.ToString(), "\n/device:cpu:0:\n");
  for (const OrderedNode& node : executor_->table().nodes()) text += ExplainNode(*node.node);
  absl::StrAppend(&text, "memory: constants ", memory.constant_bytes, " bytes, static peak ",
                  memory.arena_bytes, ", high water ", memory.high_water_bytes, ", plans ",
                  memory.plans, "\n");
  return text;
}

}  // namespace viv
