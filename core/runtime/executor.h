// Runs the nodes of one device in order: finds (or makes) the launch plans for the shapes at hand
// and launches their kernels.
#ifndef VIV_CORE_RUNTIME_EXECUTOR_H_
#define VIV_CORE_RUNTIME_EXECUTOR_H_

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/runtime/launch_plan.h"
#include "core/runtime/profile.h"

namespace viv {

// The memory of one run: values by slot, an arena for each stretch, a frame for each plan. Kept by
// the executor and used again, so that a second run of the same shapes allocates nothing.
class ExecutorRun {
 private:
  friend class Executor;
  struct Stretch {
    int begin = 0;
    std::shared_ptr<Buffer> arena;
    std::unordered_map<const LaunchPlan*,
                       std::pair<std::shared_ptr<LaunchPlan>, std::unique_ptr<PlanFrame>>>
        frames;
  };
  struct Active {
    const LaunchPlan* plan;
    PlanFrame* frame;
  };
  std::vector<Tensor> values;
  std::vector<ValueVersion> versions;
  std::vector<std::unique_ptr<Stretch>> stretches;
  std::vector<Active> active;
  StepInfo step;
  int64_t evictions_seen = 0;
  Profile* profile = nullptr;
};

// What the memory of an executor comes to.
struct MemoryUse {
  // The largest arena of a plan, and the bytes of the constants.
  size_t arena_bytes = 0;
  size_t constant_bytes = 0;
  // The most that a run has held: arenas, and what was allocated for it alone.
  size_t high_water_bytes = 0;
  int plans = 0;
  int nodes = 0;
};

// Safe for concurrent runs.
class Executor {
 public:
  // check_numerics: a run ends with an error at the first node that makes a NaN or an infinity.
  Executor(SlotTable table, CallableFactory callables, bool check_numerics = false);

  const SlotTable& table() const { return table_; }

  // Memory for a run, which nobody else uses until it is given back.
  std::unique_ptr<ExecutorRun> Acquire() const;
  // Drops what belongs to the run (feeds, snapshots, results) and keeps the memory.
  void Release(std::unique_ptr<ExecutorRun> run) const;

  // Everything but the updates. `feeds` in the order of the table's; `snapshots` by variable. A
  // valid result is written in place, and must have the fetch's type and shape. `profile` may be
  // null.
  absl::Status Compute(ExecutorRun& run, absl::Span<const Tensor> feeds,
                       absl::Span<const Tensor> snapshots, absl::Span<const ValueVersion> versions,
                       absl::Span<Tensor> results, const StepInfo& step,
                       Profile* profile = nullptr) const;
  // The same for the body of a function, which reads no variables: `versions` are those of the
  // arguments, or empty. May be called again with the same `run`; what an earlier call with the
  // same shapes looked up is used again.
  absl::Status Call(ExecutorRun& run, absl::Span<const Tensor> arguments,
                    absl::Span<const ValueVersion> versions, absl::Span<Tensor> results,
                    const StepInfo& step) const;
  // The shapes of the fetches, as far as they follow from those of the feeds.
  absl::StatusOr<std::vector<PartialShape>> FetchShapes(absl::Span<const Shape> feeds) const;
  // The two halves of the commit, which the caller's lock of the variables spans: whatever can fail
  // of the updates, then the updates, in place.
  absl::Status PrepareCommit(ExecutorRun& run, absl::Span<VariableState* const> variables) const;
  absl::Status Commit(ExecutorRun& run) const;

  MemoryUse memory() const;

 private:
  absl::StatusOr<std::shared_ptr<LaunchPlan>> FindPlan(int begin, int limit,
                                                       absl::Span<const Tensor> values) const;
  // The plan for nodes from `begin` on and its frame: of an earlier call of the run where it fits.
  absl::StatusOr<ExecutorRun::Active> Activate(ExecutorRun& run, int begin, int limit) const;
  absl::StatusOr<PlanFrame*> FindFrame(ExecutorRun& run,
                                       const std::shared_ptr<LaunchPlan>& plan) const;
  // Runs all nodes but the updates.
  absl::Status RunNodes(ExecutorRun& run, absl::Span<Tensor> results) const;
  absl::Status Bind(const LaunchPlan& plan, PlanFrame& frame, ExecutorRun& run,
                    absl::Span<Tensor> results, absl::Span<VariableState* const> variables) const;
  absl::Status Launch(const LaunchPlan& plan, PlanFrame& frame, Profile* profile) const;
  absl::Status Fetch(ExecutorRun& run, absl::Span<Tensor> results) const;

  // Plans beyond this many bytes of bookkeeping are dropped, the least recently used first.
  static constexpr size_t kMaxPlanBytes = size_t{256} << 20;

  const SlotTable table_;
  const CallableFactory callables_;
  const bool check_numerics_;
  std::vector<int> constant_slots_;
  std::vector<int> feed_slots_;      // by feed
  std::vector<int> variable_slots_;  // that are read
  std::vector<int> dropped_slots_;   // snapshots that no update reads

  mutable Mutex mutex_;
  // By first node, the most recently used first.
  mutable std::map<int, std::vector<std::shared_ptr<LaunchPlan>>> plans_ VIV_GUARDED_BY(mutex_);
  mutable size_t plan_bytes_ VIV_GUARDED_BY(mutex_) = 0;
  mutable int64_t evictions_ VIV_GUARDED_BY(mutex_) = 0;
  mutable std::vector<std::unique_ptr<ExecutorRun>> idle_ VIV_GUARDED_BY(mutex_);
  mutable size_t high_water_bytes_ VIV_GUARDED_BY(mutex_) = 0;
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_EXECUTOR_H_
