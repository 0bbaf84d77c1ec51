// Frames: making, binding and recycling the memory of runs.
#include "core/runtime/launch_plan.h"

#include "core/base/status.h"

namespace viv {

bool LaunchPlan::Fits(absl::Span<const Tensor> values) const {
  for (const auto& [slot, shape] : key_) {
    if (!(values[slot].shape() == shape)) return false;
  }
  for (const auto& [slot, value] : guards_) {
    if (!values[slot].Identical(value)) return false;
  }
  return true;
}

absl::StatusOr<std::unique_ptr<PlanFrame>> LaunchPlan::NewFrame() const {
  auto frame = std::make_unique<PlanFrame>();
  ASSIGN_OR_RETURN(frame->arena,
                   Buffer::Allocate(kUInt8, static_cast<int64_t>(arena_bytes_), Allocator::Cpu()));
  frame->tensors.resize(tensors_.size());
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const PlanTensor& plan = tensors_[i];
    if (plan.place == PlanTensor::Place::kConstant) frame->tensors[i] = plan.constant;
    if (plan.place == PlanTensor::Place::kArena) {
      frame->tensors[i] = Tensor(plan.dtype, plan.shape, frame->arena, plan.offset);
    }
  }
  size_t num_inputs = 0, num_outputs = 0;
  for (const PlanStep& step : steps_) {
    num_inputs += step.inputs.size();
    num_outputs += step.outputs.size();
  }
  frame->inputs.reserve(num_inputs);
  frame->outputs.reserve(num_outputs);
  frame->variables.resize(num_inputs);
  frame->versions.resize(num_inputs);
  for (const PlanStep& step : steps_) {
    const size_t in = frame->inputs.size(), out = frame->outputs.size();
    for (int i : step.inputs) frame->inputs.push_back(&frame->tensors[i]);
    for (int i : step.outputs) frame->outputs.push_back(&frame->tensors[i]);
    const auto inputs = absl::MakeConstSpan(frame->inputs).subspan(in, step.inputs.size());
    const auto outputs = absl::MakeConstSpan(frame->outputs).subspan(out, step.outputs.size());
    frame->contexts.push_back(KernelContextBuilder::Make(
        inputs, outputs, absl::MakeConstSpan(frame->variables).subspan(in, step.inputs.size()),
        absl::MakeConstSpan(frame->versions).subspan(in, step.inputs.size()),
        static_cast<char*>(frame->arena->data()) + step.scratch_offset, &frame->step));
  }
  return frame;
}

absl::StatusOr<std::unique_ptr<PlanFrame>> LaunchPlan::AcquireFrame() const {
  {
    MutexLock lock(mutex_);
    if (!frames_.empty()) {
      std::unique_ptr<PlanFrame> frame = std::move(frames_.back());
      frames_.pop_back();
      return frame;
    }
  }
  return NewFrame();
}

void LaunchPlan::ReleaseFrame(std::unique_ptr<PlanFrame> frame) const {
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const PlanTensor::Place place = tensors_[i].place;
    if (place != PlanTensor::Place::kConstant && place != PlanTensor::Place::kArena) {
      frame->tensors[i] = Tensor();
    }
  }
  MutexLock lock(mutex_);
  frames_.push_back(std::move(frame));
}

}  // namespace viv
