// Frames: the tensors of a run.
#include "core/runtime/launch_plan.h"

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

size_t LaunchPlan::bookkeeping_bytes() const {
  constexpr size_t kKernelBytes = 512;  // a guess at the mean
  return tensors_.size() * (sizeof(PlanTensor) + sizeof(Tensor)) +
         steps_.size() * (sizeof(PlanStep) + sizeof(KernelContext) + kKernelBytes);
}

size_t LaunchPlan::OutputBytes(const PlanStep& step) const {
  size_t bytes = 0;
  for (int t : step.outputs) {
    bytes += tensors_[t].shape.num_elements() * DTypeSize(tensors_[t].dtype);
  }
  return bytes;
}

std::unique_ptr<PlanFrame> LaunchPlan::MakeFrame(const std::shared_ptr<Buffer>& arena,
                                                 const StepInfo* step_info) const {
  auto frame = std::make_unique<PlanFrame>();
  frame->tensors.resize(tensors_.size());
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const PlanTensor& plan = tensors_[i];
    if (plan.place == PlanTensor::Place::kConstant) frame->tensors[i] = plan.constant;
    if (plan.place == PlanTensor::Place::kArena) {
      frame->tensors[i] = Tensor(plan.dtype, plan.shape, arena, plan.offset);
    }
    if (plan.place == PlanTensor::Place::kView) {
      frame->tensors[i] = frame->tensors[plan.parent].Reshaped(plan.shape);
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
  frame->contexts.reserve(steps_.size());
  for (const PlanStep& step : steps_) {
    const size_t in = frame->inputs.size(), out = frame->outputs.size();
    for (int i : step.inputs) frame->inputs.push_back(&frame->tensors[i]);
    for (int i : step.outputs) frame->outputs.push_back(&frame->tensors[i]);
    const auto inputs = absl::MakeConstSpan(frame->inputs).subspan(in, step.inputs.size());
    const auto outputs = absl::MakeConstSpan(frame->outputs).subspan(out, step.outputs.size());
    frame->contexts.push_back(KernelContextBuilder::Make(
        inputs, outputs, absl::MakeConstSpan(frame->variables).subspan(in, step.inputs.size()),
        absl::MakeConstSpan(frame->versions).subspan(in, step.inputs.size()),
        static_cast<char*>(arena->data()) + step.scratch_offset, step_info));
  }
  return frame;
}

}  // namespace viv
