// A launch plan: everything about running a stretch of an executor's nodes that depends on concrete
// shapes: kernels, their inputs and outputs, and where each tensor lies in the arena. A stretch
// ends where a shape depends on a value that only the run computes.
#ifndef VIV_CORE_RUNTIME_LAUNCH_PLAN_H_
#define VIV_CORE_RUNTIME_LAUNCH_PLAN_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/thread_annotations.h"
#include "core/runtime/slot_table.h"

namespace viv {

// A tensor of a plan.
struct PlanTensor {
  enum class Place {
    kImport,    // bound at the start of the run: feeds, snapshots, results of earlier plans
    kConstant,  // fixed, known when the plan was made
    kArena,     // at `offset`
    kOwned,     // a buffer of its own for each run: fetched, or strings
    kDynamic,   // made by the kernel
    kView,      // tensor `parent` under another shape
  };
  Place place = Place::kArena;
  int slot = -1;
  DType dtype = DType::kInvalid;
  Shape shape;
  size_t offset = 0;
  int parent = -1;
  Tensor constant;
};

struct PlanStep {
  const Node* node = nullptr;
  std::unique_ptr<Kernel> kernel;
  std::vector<int> inputs;     // plan tensors
  std::vector<int> outputs;    // plan tensors
  std::vector<int> variables;  // by input; -1: not a handle
  size_t scratch_offset = 0;
};

// The memory of one run of a plan. Kept and used again.
struct PlanFrame {
  std::shared_ptr<Buffer> arena;
  std::vector<Tensor> tensors;
  // The contexts point into these.
  std::vector<const Tensor*> inputs;
  std::vector<Tensor*> outputs;
  std::vector<VariableState*> variables;
  std::vector<ValueVersion> versions;
  std::vector<KernelContext> contexts;
  StepInfo step;
};

using CallableFactory =
    std::function<absl::StatusOr<std::unique_ptr<Callable>>(const std::string& function)>;

class LaunchPlan {
 public:
  // Plans nodes [begin, ...) up to `limit` at most. `values` holds, by slot, what exists before.
  static absl::StatusOr<std::shared_ptr<LaunchPlan>> Create(const SlotTable& table, int begin,
                                                            int limit,
                                                            absl::Span<const Tensor> values,
                                                            const CallableFactory& callables);

  // Whether the plan fits what exists now: the same shapes, and the values that shapes depend on.
  bool Fits(absl::Span<const Tensor> values) const;

  int end() const { return end_; }
  const std::vector<PlanStep>& steps() const { return steps_; }
  const std::vector<PlanTensor>& tensors() const { return tensors_; }
  // Plan tensors that are wanted after the plan: fetched or used by later nodes.
  const std::vector<int>& exports() const { return exports_; }
  size_t arena_bytes() const { return arena_bytes_; }

  // A frame that no other run uses.
  absl::StatusOr<std::unique_ptr<PlanFrame>> AcquireFrame() const;
  // Gives it back; drops references to what was bound to the run.
  void ReleaseFrame(std::unique_ptr<PlanFrame> frame) const;

 private:
  friend class PlanBuilder;
  absl::StatusOr<std::unique_ptr<PlanFrame>> NewFrame() const;

  int end_ = 0;
  std::vector<PlanStep> steps_;
  std::vector<PlanTensor> tensors_;
  std::vector<int> exports_;
  std::vector<std::pair<int, Shape>> key_;      // by slot
  std::vector<std::pair<int, Tensor>> guards_;  // by slot
  size_t arena_bytes_ = 0;
  mutable Mutex mutex_;
  mutable std::vector<std::unique_ptr<PlanFrame>> frames_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_LAUNCH_PLAN_H_
