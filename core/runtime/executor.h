// Runs the nodes of one device in order: finds (or makes) the launch plans for the shapes at hand
// and launches their kernels.
#ifndef VIV_CORE_RUNTIME_EXECUTOR_H_
#define VIV_CORE_RUNTIME_EXECUTOR_H_

#include <map>
#include <memory>
#include <vector>

#include "core/runtime/launch_plan.h"

namespace viv {

// What one run has: values by slot, and the frames that hold them.
class ExecutorRun {
 public:
  ~ExecutorRun();

 private:
  friend class Executor;
  std::vector<Tensor> values;
  std::vector<ValueVersion> versions;
  std::vector<std::pair<std::shared_ptr<LaunchPlan>, std::unique_ptr<PlanFrame>>> frames;
  StepInfo step;
};

// Safe for concurrent runs.
class Executor {
 public:
  Executor(SlotTable table, CallableFactory callables)
      : table_(std::move(table)), callables_(std::move(callables)) {}

  const SlotTable& table() const { return table_; }

  // Everything but the updates. `feeds` in the order of the table's; `snapshots` by variable. A
  // valid result is written in place, and must have the fetch's type and shape.
  absl::Status Compute(ExecutorRun& run, absl::Span<const Tensor> feeds,
                       absl::Span<const Tensor> snapshots, absl::Span<const ValueVersion> versions,
                       absl::Span<Tensor> results, const StepInfo& step) const;
  // The updates, in place; the caller holds the lock of the variables.
  absl::Status Commit(ExecutorRun& run, absl::Span<VariableState* const> variables) const;

 private:
  absl::StatusOr<std::shared_ptr<LaunchPlan>> FindPlan(int begin, int limit,
                                                       absl::Span<const Tensor> values) const;
  // Runs nodes [begin, limit).
  absl::Status RunRange(ExecutorRun& run, int begin, int limit, absl::Span<Tensor> results,
                        absl::Span<VariableState* const> variables) const;
  absl::Status Bind(const LaunchPlan& plan, PlanFrame& frame, ExecutorRun& run,
                    absl::Span<Tensor> results, absl::Span<VariableState* const> variables) const;

  static constexpr size_t kMaxPlans = 64;
  SlotTable table_;
  CallableFactory callables_;
  mutable Mutex mutex_;
  // By first node, the most recently used first.
  mutable std::map<int, std::vector<std::shared_ptr<LaunchPlan>>> plans_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_EXECUTOR_H_
