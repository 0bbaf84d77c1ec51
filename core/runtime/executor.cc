// The launch loop.
#include "core/runtime/executor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"

namespace viv {

ExecutorRun::~ExecutorRun() {
  for (auto& [plan, frame] : frames) plan->ReleaseFrame(std::move(frame));
}

absl::StatusOr<std::shared_ptr<LaunchPlan>> Executor::FindPlan(
    int begin, int limit, absl::Span<const Tensor> values) const {
  {
    MutexLock lock(mutex_);
    std::vector<std::shared_ptr<LaunchPlan>>& plans = plans_[begin];
    for (size_t i = 0; i < plans.size(); ++i) {
      if (!plans[i]->Fits(values)) continue;
      if (i > 0) std::rotate(plans.begin(), plans.begin() + i, plans.begin() + i + 1);
      return plans[0];
    }
  }
  // Two runs may make the same plan at once: harmless, and the lock is not held while kernels are
  // made.
  ASSIGN_OR_RETURN(std::shared_ptr<LaunchPlan> plan,
                   LaunchPlan::Create(table_, begin, limit, values, callables_));
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<LaunchPlan>>& plans = plans_[begin];
  plans.insert(plans.begin(), plan);
  if (plans.size() > kMaxPlans) plans.pop_back();
  return plan;
}

absl::Status Executor::Bind(const LaunchPlan& plan, PlanFrame& frame, ExecutorRun& run,
                            absl::Span<Tensor> results,
                            absl::Span<VariableState* const> variables) const {
  frame.step = run.step;
  for (size_t t = 0; t < plan.tensors().size(); ++t) {
    const PlanTensor& tensor = plan.tensors()[t];
    Tensor& bound = frame.tensors[t];
    switch (tensor.place) {
      case PlanTensor::Place::kImport:
        bound = run.values[tensor.slot];
        break;
      case PlanTensor::Place::kOwned: {
        const auto fetch = std::find(table_.fetches().begin(), table_.fetches().end(), tensor.slot);
        const size_t index = fetch - table_.fetches().begin();
        if (index < results.size() && results[index].valid() &&
            results[index].dtype() == tensor.dtype && results[index].shape() == tensor.shape) {
          bound = results[index];
        } else {
          ASSIGN_OR_RETURN(bound, Tensor::Make(tensor.dtype, tensor.shape));
        }
        break;
      }
      case PlanTensor::Place::kDynamic:
        bound = Tensor(tensor.dtype, Shape(), nullptr);
        break;
      case PlanTensor::Place::kView:
        bound = frame.tensors[tensor.parent].Reshaped(tensor.shape);
        break;
      case PlanTensor::Place::kConstant:
      case PlanTensor::Place::kArena:
        break;
    }
  }
  size_t input = 0;
  for (const PlanStep& step : plan.steps()) {
    for (size_t i = 0; i < step.inputs.size(); ++i, ++input) {
      const int slot = plan.tensors()[step.inputs[i]].slot;
      frame.versions[input] = run.versions[slot];
      if (step.variables[i] >= 0) frame.variables[input] = variables[step.variables[i]];
    }
  }
  return absl::OkStatus();
}

absl::Status Executor::RunRange(ExecutorRun& run, int begin, int limit, absl::Span<Tensor> results,
                                absl::Span<VariableState* const> variables) const {
  while (begin < limit) {
    ASSIGN_OR_RETURN(std::shared_ptr<LaunchPlan> plan, FindPlan(begin, limit, run.values));
    ASSIGN_OR_RETURN(std::unique_ptr<PlanFrame> acquired, plan->AcquireFrame());
    PlanFrame& frame = *acquired;
    run.frames.emplace_back(plan, std::move(acquired));
    RETURN_IF_ERROR(Bind(*plan, frame, run, results, variables));
    for (size_t s = 0; s < plan->steps().size(); ++s) {
      const PlanStep& step = plan->steps()[s];
      absl::Status status = step.kernel->Compute(frame.contexts[s]);
      if (status.ok()) continue;
      return Annotate(status,
                      absl::StrCat(step.node->Describe(), " on cpu with inputs ",
                                   absl::StrJoin(step.inputs, ", ", [&](std::string* out, int t) {
                                     absl::StrAppend(out, frame.tensors[t].shape().ToString());
                                   })));
    }
    for (int t : plan->exports()) run.values[plan->tensors()[t].slot] = frame.tensors[t];
    begin = plan->end();
  }
  return absl::OkStatus();
}

absl::Status Executor::Compute(ExecutorRun& run, absl::Span<const Tensor> feeds,
                               absl::Span<const Tensor> snapshots,
                               absl::Span<const ValueVersion> versions, absl::Span<Tensor> results,
                               const StepInfo& step) const {
  run.step = step;
  run.values.assign(table_.slots().size(), Tensor());
  run.versions.assign(table_.slots().size(), ValueVersion());
  for (size_t i = 0; i < table_.slots().size(); ++i) {
    const Slot& slot = table_.slots()[i];
    if (slot.kind == Slot::Kind::kFeed) run.values[i] = feeds[slot.index];
    if (slot.kind == Slot::Kind::kConstant) run.values[i] = table_.constants()[slot.index];
    if (slot.kind == Slot::Kind::kVariable) {
      run.values[i] = snapshots[slot.index];
      run.versions[i] = versions[slot.index];
    }
  }
  RETURN_IF_ERROR(RunRange(run, 0, table_.commit_begin(), results, {}));
  for (size_t f = 0; f < table_.fetches().size(); ++f) {
    const int slot = table_.fetches()[f];
    if (slot < 0) continue;
    Tensor value = run.values[slot];
    for (const auto& [plan, frame] : run.frames) {
      if (value.buffer() == frame->arena) {
        ASSIGN_OR_RETURN(value, value.Clone());
        break;
      }
    }
    if (!results[f].valid()) {
      results[f] = std::move(value);
    } else if (results[f].dtype() != value.dtype() || !(results[f].shape() == value.shape())) {
      return absl::InvalidArgumentError(
          absl::StrCat("result ", f, " is ", DTypeName(value.dtype()), value.shape().ToString(),
                       ", but the given tensor is ", DTypeName(results[f].dtype()),
                       results[f].shape().ToString()));
    } else if (results[f].raw() != value.raw()) {
      results[f].CopyFrom(value);
    }
  }
  return absl::OkStatus();
}

absl::Status Executor::Commit(ExecutorRun& run, absl::Span<VariableState* const> variables) const {
  const int begin = table_.commit_begin();
  const int end = static_cast<int>(table_.nodes().size());
  if (begin == end) return absl::OkStatus();
  // Drop the snapshots that no update reads: a variable with one reference is written in place.
  std::vector<bool> needed(table_.slots().size(), false);
  for (int slot : table_.Needed(begin)) needed[slot] = true;
  for (size_t i = 0; i < run.values.size(); ++i) {
    if (!needed[i]) run.values[i] = Tensor();
  }
  for (auto& [plan, frame] : run.frames) {
    for (size_t t = 0; t < plan->tensors().size(); ++t) {
      if (plan->tensors()[t].place == PlanTensor::Place::kImport ||
          plan->tensors()[t].place == PlanTensor::Place::kView) {
        frame->tensors[t] = Tensor();
      }
    }
  }
  return RunRange(run, begin, end, {}, variables);
}

}  // namespace viv
