// A launch plan: everything about running a stretch of an executor's nodes that depends on concrete
// shapes: kernels, their inputs and outputs, and where each tensor lies in the arena. A stretch
// ends where a shape depends on a value that only the run computes.
#ifndef VIV_CORE_RUNTIME_LAUNCH_PLAN_H_
#define VIV_CORE_RUNTIME_LAUNCH_PLAN_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

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
  // The fetch that a kOwned tensor is, or -1.
  int fetch = -1;
  Tensor constant;
};

struct PlanStep {
  const Node* node = nullptr;
  std::vector<int> inputs;     // plan tensors
  std::vector<int> outputs;    // plan tensors
  std::vector<int> variables;  // by input; -1: not a handle
  size_t scratch_offset = 0;
};

// The tensors of one run of a plan. Kept and used again.
struct PlanFrame {
  std::vector<Tensor> tensors;
  // The contexts point into these.
  std::vector<const Tensor*> inputs;
  std::vector<Tensor*> outputs;
  std::vector<VariableState*> variables;
  std::vector<ValueVersion> versions;
  std::vector<KernelContext> contexts;
};

class LaunchPlan {
 public:
  // Plans nodes [begin, ...) up to `limit` at most. `values` holds, by slot, what exists before.
  static absl::StatusOr<std::shared_ptr<LaunchPlan>> Create(const SlotTable& table, int begin,
                                                            int limit,
                                                            absl::Span<const Tensor> values,
                                                            const CallableFactory& callables);

  // Whether the plan fits what exists now: the same shapes, and the values that shapes depend on.
  bool Fits(absl::Span<const Tensor> values) const;

  // Nodes [begin(), end()).
  int begin() const { return begin_; }
  int end() const { return end_; }
  const std::vector<PlanStep>& steps() const { return steps_; }
  // By step; apart from the steps, so that the launch loop touches little memory.
  const std::vector<std::unique_ptr<Kernel>>& kernels() const { return kernels_; }
  const std::vector<PlanTensor>& tensors() const { return tensors_; }
  // Plan tensors that each run sets anew, in order: a view follows its parent.
  const std::vector<int>& bound() const { return bound_; }
  // Which kernel inputs (counted over all steps) are slots with a version, and which are handles of
  // variables.
  const std::vector<std::pair<int, int>>& versioned_inputs() const { return versioned_inputs_; }
  const std::vector<std::pair<int, int>>& handle_inputs() const { return handle_inputs_; }
  // Plan tensors that are wanted after the plan: fetched or used by later nodes.
  const std::vector<int>& exports() const { return exports_; }
  size_t arena_bytes() const { return arena_bytes_; }
  // About what the plan and one frame of it occupy, arena left out.
  size_t bookkeeping_bytes() const;
  size_t OutputBytes(const PlanStep& step) const;

  // A frame whose tensors lie in `arena`, at least arena_bytes() large. Its kernels see `step`,
  // which outlives it.
  std::unique_ptr<PlanFrame> MakeFrame(const std::shared_ptr<Buffer>& arena,
                                       const StepInfo* step) const;

 private:
  friend class PlanBuilder;

  int begin_ = 0;
  int end_ = 0;
  std::vector<PlanStep> steps_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
  std::vector<PlanTensor> tensors_;
  std::vector<int> bound_;
  std::vector<std::pair<int, int>> versioned_inputs_;  // input, slot
  std::vector<std::pair<int, int>> handle_inputs_;     // input, variable
  std::vector<int> exports_;
  std::vector<std::pair<int, Shape>> key_;      // by slot
  std::vector<std::pair<int, Tensor>> guards_;  // by slot
  size_t arena_bytes_ = 0;
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_LAUNCH_PLAN_H_
