// A program: one kind of run of a graph, by what is fed and what is fetched, made ready once:
// optimised, placed, split by device and given to executors.
#ifndef VIV_CORE_RUNTIME_PROGRAM_H_
#define VIV_CORE_RUNTIME_PROGRAM_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/passes/optimize.h"
#include "core/runtime/executor.h"
#include "core/runtime/local_rendezvous.h"
#include "core/runtime/partitioner.h"
#include "core/runtime/placer.h"

namespace viv {

struct ProgramOptions {
  PassOptions passes;
  PlacementOptions placement;
  // See Executor.
  bool check_numerics = false;
  // For runs on several devices; outlives the program.
  ThreadPool* threads = nullptr;
};

// Safe for concurrent runs. Independent of the graph that it was made of.
class Program {
 public:
  // The memory of one run. The caller fills in the snapshots of the variables that are read.
  struct RunState {
    std::vector<Tensor> snapshots;       // by variable
    std::vector<ValueVersion> versions;  // by variable

   private:
    friend class Program;
    std::vector<std::unique_ptr<ExecutorRun>> executor_runs;  // by part
    std::vector<std::vector<Tensor>> results;                 // by part; of several
    LocalRendezvous rendezvous;
    Mutex mutex;
    CondVar done;
    int running VIV_GUARDED_BY(mutex) = 0;
  };

  // Feeds and fetches are outputs of `graph`. InvalidArgument where something must be fed or is to
  // run after an update, and for hints (see Place); NotFound for an op without a kernel.
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

  // Everything but the updates; see Executor::Compute. Several devices work at a time, one thread
  // each; where one fails, the others are stopped and its error is returned.
  absl::Status Compute(RunState& run, absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                       const StepInfo& step, Profile* profile) const;
  // The updates, in place: all of them or, on an error, none. The caller holds the lock of the
  // variables, which are numbered like variables().
  absl::Status Commit(RunState& run, absl::Span<VariableState* const> variables) const;

  // For people: what the passes did, the nodes in the order in which they run, and the memory that
  // runs so far have taken.
  std::string Explain() const;

 private:
  // What one device does.
  struct Part {
    std::string device;
    std::unique_ptr<Executor> executor;
    // Its variables are those from here on.
    int first_variable = 0;
    // Which of the program's fetches it computes.
    std::vector<int> fetches;
  };

  explicit Program(const ProgramOptions& options) : options_(options) {}
  absl::Status Build(const Graph& graph, const std::vector<Output>& feeds,
                     const std::vector<Output>& fetches);
  absl::Status AddPart(const Partition& partition, const std::vector<int>& fetches);
  absl::Status ComputePart(RunState& run, int part, absl::Span<const Tensor> feeds,
                           absl::Span<Tensor> results, const StepInfo& step,
                           Profile* profile) const;
  absl::Status ComputeParts(RunState& run, absl::Span<const Tensor> feeds,
                            absl::Span<Tensor> results, StepInfo step, Profile* profile) const;

  const ProgramOptions options_;
  std::unique_ptr<ProgramGraph> graph_;
  PassReport report_;
  std::vector<Part> parts_;
  std::vector<const Node*> variables_;
  std::vector<int> read_;

  mutable Mutex mutex_;
  mutable std::vector<std::unique_ptr<RunState>> idle_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_PROGRAM_H_
