// A program: one kind of run of a graph, by what is fed and what is fetched, made ready once:
// optimised, then given to executors.
#ifndef VIV_CORE_RUNTIME_PROGRAM_H_
#define VIV_CORE_RUNTIME_PROGRAM_H_

#include <memory>
#include <string>
#include <vector>

#include "core/passes/optimize.h"
#include "core/runtime/executor.h"

namespace viv {

struct ProgramOptions {
  PassOptions passes;
};

// Safe for concurrent runs. Independent of the graph that it was made of.
class Program {
 public:
  // The memory of one run. The caller fills in the snapshots of the variables that are read.
  struct RunState {
    std::vector<Tensor> snapshots;       // by variable
    std::vector<ValueVersion> versions;  // by variable
    std::unique_ptr<ExecutorRun> executor_run;
  };

  // Feeds and fetches are outputs of `graph`. InvalidArgument where something must be fed or is to
  // run after an update; NotFound for an op without a kernel.
  static absl::StatusOr<std::unique_ptr<Program>> Create(const Graph& graph,
                                                         const std::vector<Output>& feeds,
                                                         const std::vector<Output>& fetches,
                                                         const ProgramOptions& options);

  // Nodes of op Variable, named like those of the graph; by them snapshots are numbered.
  const std::vector<const Node*>& variables() const { return variables_; }
  // The variables that need a snapshot.
  const std::vector<int>& read() const { return read_; }

  // Memory for a run, which nobody else uses until it is given back.
  std::unique_ptr<RunState> Acquire() const;
  void Release(std::unique_ptr<RunState> run) const;

  // Everything but the updates; see Executor::Compute.
  absl::Status Compute(RunState& run, absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                       const StepInfo& step, Profile* profile) const;
  // The updates, in place; the caller holds the lock of the variables, which are numbered like
  // variables().
  absl::Status Commit(RunState& run, absl::Span<VariableState* const> variables) const;

  // For people: what the passes did, the nodes in the order in which they run, and the memory that
  // runs so far have taken.
  std::string Explain() const;

 private:
  Program() = default;

  std::unique_ptr<ProgramGraph> graph_;
  PassReport report_;
  std::vector<const Node*> variables_;
  std::vector<int> read_;
  std::unique_ptr<Executor> executor_;

  mutable Mutex mutex_;
  mutable std::vector<std::unique_ptr<RunState>> idle_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_PROGRAM_H_
