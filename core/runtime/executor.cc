// The launch loop.
#include "core/runtime/executor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "core/tensor/finite.h"

namespace viv {

Executor::Executor(SlotTable table, CallableFactory callables, bool check_numerics)
    : table_(std::move(table)), callables_(std::move(callables)), check_numerics_(check_numerics) {
  std::vector<bool> needed(table_.slots().size(), false);
  for (int slot : table_.Needed(table_.commit_begin())) needed[slot] = true;
  for (int i = 0; i < static_cast<int>(table_.slots().size()); ++i) {
    const Slot& slot = table_.slots()[i];
    if (slot.kind == Slot::Kind::kConstant) constant_slots_.push_back(i);
    if (slot.kind == Slot::Kind::kFeed) feed_slots_.push_back(i);
    if (slot.kind != Slot::Kind::kVariable) continue;
    variable_slots_.push_back(i);
    if (!needed[i]) dropped_slots_.push_back(i);
  }
}

std::unique_ptr<ExecutorRun> Executor::Acquire() const {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<ExecutorRun> run = std::move(idle_.back());
      idle_.pop_back();
      if (run->evictions_seen != evictions_) {
        run->evictions_seen = evictions_;
        for (const auto& stretch : run->stretches) {
          for (auto it = stretch->frames.begin(); it != stretch->frames.end();) {
            it = it->second.first.use_count() == 1 ? stretch->frames.erase(it) : std::next(it);
          }
        }
      }
      return run;
    }
  }
  auto run = std::make_unique<ExecutorRun>();
  run->values.resize(table_.slots().size());
  run->versions.resize(table_.slots().size());
  for (int slot : constant_slots_) {
    run->values[slot] = table_.constants()[table_.slots()[slot].index];
  }
  return run;
}

void Executor::Release(std::unique_ptr<ExecutorRun> run) const {
  size_t held = 0;
  for (const auto& stretch : run->stretches) {
    if (stretch->arena != nullptr) held += stretch->arena->bytes();
  }
  for (int slot : feed_slots_) run->values[slot] = Tensor();
  for (int slot : variable_slots_) run->values[slot] = Tensor();
  for (const auto& [plan, frame] : run->active) {
    for (int t : plan->exports()) run->values[plan->tensors()[t].slot] = Tensor();
    for (int t : plan->bound()) {
      const PlanTensor::Place place = plan->tensors()[t].place;
      const bool own = place == PlanTensor::Place::kOwned || place == PlanTensor::Place::kDynamic;
      if (own) held += frame->tensors[t].bytes();
      frame->tensors[t] = Tensor();
    }
  }
  run->active.clear();
  MutexLock lock(mutex_);
  high_water_bytes_ = std::max(high_water_bytes_, held);
  idle_.push_back(std::move(run));
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
  // It was made for shapes alone, from which nothing follows.
  if (plan->end() == begin) return plan;
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<LaunchPlan>>& plans = plans_[begin];
  plans.insert(plans.begin(), plan);
  plan_bytes_ += plan->bookkeeping_bytes();
  while (plan_bytes_ > kMaxPlanBytes && plans.size() > 1) {
    plan_bytes_ -= plans.back()->bookkeeping_bytes();
    plans.pop_back();
    ++evictions_;
  }
  return plan;
}

absl::StatusOr<PlanFrame*> Executor::FindFrame(ExecutorRun& run,
                                               const std::shared_ptr<LaunchPlan>& plan) const {
  ExecutorRun::Stretch* stretch = nullptr;
  for (const auto& candidate : run.stretches) {
    if (candidate->begin == plan->begin()) stretch = candidate.get();
  }
  if (stretch == nullptr) {
    run.stretches.push_back(std::make_unique<ExecutorRun::Stretch>());
    stretch = run.stretches.back().get();
    stretch->begin = plan->begin();
  }
  if (stretch->arena == nullptr || stretch->arena->bytes() < plan->arena_bytes()) {
    // Frames point into the arena: they go with it.
    const auto stale = [&](const ExecutorRun::Active& active) {
      return stretch->frames.count(active.plan) > 0;
    };
    run.active.erase(std::remove_if(run.active.begin(), run.active.end(), stale), run.active.end());
    stretch->frames.clear();
    stretch->arena.reset();
    ASSIGN_OR_RETURN(
        stretch->arena,
        Buffer::Allocate(kUInt8, static_cast<int64_t>(plan->arena_bytes()), Allocator::Cpu()));
  }
  auto& entry = stretch->frames[plan.get()];
  if (entry.second == nullptr) {
    entry.first = plan;
    entry.second = plan->MakeFrame(stretch->arena, &run.step);
  }
  return entry.second.get();
}

absl::StatusOr<ExecutorRun::Active> Executor::Activate(ExecutorRun& run, int begin,
                                                       int limit) const {
  for (const ExecutorRun::Active& active : run.active) {
    if (active.plan->begin() == begin && active.plan->Fits(run.values)) return active;
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<LaunchPlan> plan, FindPlan(begin, limit, run.values));
  if (plan->end() == begin) {
    return absl::InternalError(
        absl::StrCat(table_.nodes()[begin].node->Describe(), ": a value has no memory"));
  }
  ASSIGN_OR_RETURN(PlanFrame* const frame, FindFrame(run, plan));
  run.active.push_back({plan.get(), frame});
  return run.active.back();
}

absl::Status Executor::Bind(const LaunchPlan& plan, PlanFrame& frame, ExecutorRun& run,
                            absl::Span<Tensor> results,
                            absl::Span<VariableState* const> variables) const {
  for (const int t : plan.bound()) {
    const PlanTensor& tensor = plan.tensors()[t];
    Tensor& bound = frame.tensors[t];
    switch (tensor.place) {
      case PlanTensor::Place::kImport:
        bound = run.values[tensor.slot];
        break;
      case PlanTensor::Place::kOwned:
        if (tensor.fetch >= 0 && results[tensor.fetch].valid() &&
            results[tensor.fetch].dtype() == tensor.dtype &&
            results[tensor.fetch].shape() == tensor.shape) {
          bound = results[tensor.fetch];
        } else {
          ASSIGN_OR_RETURN(bound, Tensor::Make(tensor.dtype, tensor.shape));
        }
        break;
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
  for (const auto& [input, slot] : plan.versioned_inputs()) {
    frame.versions[input] = run.versions[slot];
  }
  for (const auto& [input, variable] : plan.handle_inputs()) {
    frame.variables[input] = variables[variable];
  }
  return absl::OkStatus();
}

namespace {

// An error where an output of the step is not finite.
absl::Status CheckOutputs(const PlanStep& step, const PlanFrame& frame) {
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    const std::string found = DescribeNonFinite(frame.tensors[step.outputs[i]]);
    if (found.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat("output ", i, " is ", found));
  }
  return absl::OkStatus();
}

// Says of an error which node had it, where, and with which inputs.
absl::Status AnnotateStep(const absl::Status& status, const PlanStep& step,
                          const PlanFrame& frame) {
  if (status.ok()) return status;
  return Annotate(
      status,
      absl::StrCat(step.node->Describe(), " on ",
                   step.node->device().empty() ? "cpu" : step.node->device(), " with inputs ",
                   absl::StrJoin(step.inputs, ", ", [&](std::string* out, int t) {
                     absl::StrAppend(out, frame.tensors[t].shape().ToString());
                   })));
}

}  // namespace

absl::Status Executor::Launch(const LaunchPlan& plan, PlanFrame& frame, Profile* profile) const {
  const size_t count = plan.steps().size();
  for (size_t s = 0; s < count; ++s) {
    const int64_t begin = profile == nullptr ? 0 : Profile::Now();
    absl::Status status = plan.kernels()[s]->Compute(frame.contexts[s]);
    const PlanStep& step = plan.steps()[s];
    if (profile != nullptr) {
      profile->Record(*step.node, begin, Profile::Now(), plan.OutputBytes(step));
    }
    if (status.ok() && check_numerics_) status = CheckOutputs(step, frame);
    if (!status.ok()) return AnnotateStep(status, step, frame);
  }
  return absl::OkStatus();
}

absl::Status Executor::RunNodes(ExecutorRun& run, absl::Span<Tensor> results) const {
  const int limit = table_.commit_begin();
  for (int begin = 0; begin < limit;) {
    ASSIGN_OR_RETURN(const ExecutorRun::Active active, Activate(run, begin, limit));
    const auto& [plan, frame] = active;
    RETURN_IF_ERROR(Bind(*plan, *frame, run, results, {}));
    RETURN_IF_ERROR(Launch(*plan, *frame, run.profile));
    for (int t : plan->exports()) run.values[plan->tensors()[t].slot] = frame->tensors[t];
    begin = plan->end();
  }
  return absl::OkStatus();
}

absl::Status Executor::Fetch(ExecutorRun& run, absl::Span<Tensor> results) const {
  for (size_t f = 0; f < table_.fetches().size(); ++f) {
    const int slot = table_.fetches()[f];
    if (slot < 0) continue;
    Tensor value = run.values[slot];
    const bool in_arena =
        std::any_of(run.stretches.begin(), run.stretches.end(),
                    [&value](const auto& stretch) { return value.buffer() == stretch->arena; });
    if (!results[f].valid()) {
      if (in_arena) {
        ASSIGN_OR_RETURN(value, value.Clone());
      }
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

absl::Status Executor::Compute(ExecutorRun& run, absl::Span<const Tensor> feeds,
                               absl::Span<const Tensor> snapshots,
                               absl::Span<const ValueVersion> versions, absl::Span<Tensor> results,
                               const StepInfo& step, Profile* profile) const {
  run.profile = profile;
  for (int slot : variable_slots_) {
    const int variable = table_.slots()[slot].index;
    run.values[slot] = snapshots[variable];
    run.versions[slot] = versions[variable];
  }
  return Call(run, feeds, {}, results, step);
}

absl::Status Executor::Call(ExecutorRun& run, absl::Span<const Tensor> arguments,
                            absl::Span<const ValueVersion> versions, absl::Span<Tensor> results,
                            const StepInfo& step) const {
  run.step = step;
  for (size_t i = 0; i < feed_slots_.size(); ++i) {
    run.values[feed_slots_[i]] = arguments[i];
    run.versions[feed_slots_[i]] = versions.empty() ? ValueVersion() : versions[i];
  }
  RETURN_IF_ERROR(RunNodes(run, results));
  return Fetch(run, results);
}

absl::StatusOr<std::vector<PartialShape>> Executor::FetchShapes(
    absl::Span<const Shape> feeds) const {
  std::vector<Tensor> values(table_.slots().size());
  for (const int slot : constant_slots_) {
    values[slot] = table_.constants()[table_.slots()[slot].index];
  }
  for (size_t i = 0; i < feed_slots_.size(); ++i) {
    const int slot = feed_slots_[i];
    values[slot] = Tensor(table_.slots()[slot].dtype, feeds[i], nullptr);
  }
  std::vector<PartialShape> shapes(table_.fetches().size());
  std::shared_ptr<LaunchPlan> plan;
  if (table_.commit_begin() > 0) {
    ASSIGN_OR_RETURN(plan, FindPlan(0, table_.commit_begin(), values));
  }
  for (size_t f = 0; f < shapes.size(); ++f) {
    const int slot = table_.fetches()[f];
    if (slot < 0) continue;
    if (values[slot].valid()) shapes[f] = values[slot].shape();
    if (plan == nullptr) continue;
    for (const PlanTensor& tensor : plan->tensors()) {
      const bool known = tensor.slot == slot && tensor.place != PlanTensor::Place::kDynamic;
      if (known) shapes[f] = tensor.shape;
    }
  }
  return shapes;
}

absl::Status Executor::PrepareCommit(ExecutorRun& run,
                                     absl::Span<VariableState* const> variables) const {
  const int limit = static_cast<int>(table_.nodes().size());
  if (table_.commit_begin() == limit) return absl::OkStatus();
  // A variable with one reference is written in place: drop the snapshots that no update reads.
  for (int slot : dropped_slots_) run.values[slot] = Tensor();
  for (const auto& [plan, frame] : run.active) {
    for (int t : plan->bound()) {
      const PlanTensor::Place place = plan->tensors()[t].place;
      if (place == PlanTensor::Place::kImport || place == PlanTensor::Place::kView) {
        frame->tensors[t] = Tensor();
      }
    }
  }
  for (int begin = table_.commit_begin(); begin < limit;) {
    ASSIGN_OR_RETURN(const ExecutorRun::Active active, Activate(run, begin, limit));
    const auto& [plan, frame] = active;
    RETURN_IF_ERROR(Bind(*plan, *frame, run, {}, variables));
    for (size_t s = 0; s < plan->steps().size(); ++s) {
      RETURN_IF_ERROR(AnnotateStep(plan->kernels()[s]->PrepareUpdate(frame->contexts[s]),
                                   plan->steps()[s], *frame));
    }
    begin = plan->end();
  }
  return absl::OkStatus();
}

absl::Status Executor::Commit(ExecutorRun& run) const {
  const int limit = static_cast<int>(table_.nodes().size());
  for (int begin = table_.commit_begin(); begin < limit;) {
    ASSIGN_OR_RETURN(const ExecutorRun::Active active, Activate(run, begin, limit));
    RETURN_IF_ERROR(Launch(*active.plan, *active.frame, run.profile));
    begin = active.plan->end();
  }
  return absl::OkStatus();
}

MemoryUse Executor::memory() const {
  MemoryUse use;
  use.nodes = static_cast<int>(table_.nodes().size());
  for (const Tensor& constant : table_.constants()) use.constant_bytes += constant.bytes();
  MutexLock lock(mutex_);
  use.high_water_bytes = high_water_bytes_;
  for (const auto& [begin, plans] : plans_) {
    size_t largest = 0;
    for (const auto& plan : plans) largest = std::max(largest, plan->arena_bytes());
    use.arena_bytes += largest;
    use.plans += static_cast<int>(plans.size());
  }
  return use;
}

}  // namespace viv
