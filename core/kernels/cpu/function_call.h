// One call of a function by a kernel: what Call and Cond share.
#ifndef VIV_CORE_KERNELS_CPU_FUNCTION_CALL_H_
#define VIV_CORE_KERNELS_CPU_FUNCTION_CALL_H_

#include <vector>

#include "core/device/kernel.h"

namespace viv {

// Whether the plan made the output; else the kernel does (see dynamic_output).
inline bool IsAllocated(const Tensor& output) { return output.buffer() != nullptr; }

// The shape of something of which this is known, and of which there is nothing: unknown extents are
// 0.
inline Shape EmptyShape(const PartialShape& known) {
  PartialShape shape = known.known_rank() ? known : PartialShape({0});
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape.dim(i) < 0) shape.set_dim(i, 0);
  }
  return shape.ToShape();
}

// Runs `function` with the kernel's inputs [first_input, first_input + num_inputs). Result r is
// output outputs[r].
absl::Status CallFunction(const KernelContext& c, const Callable& function, int first_input,
                          int num_inputs, const std::vector<int64_t>& outputs,
                          const StepInfo& step);

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_FUNCTION_CALL_H_
