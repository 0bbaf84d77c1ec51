// Binds a kernel's inputs and outputs to a function's.
#include "core/kernels/cpu/function_call.h"

#include "absl/types/span.h"
#include "core/base/status.h"

namespace viv {

absl::Status CallFunction(const KernelContext& c, const Callable& function, int first_input,
                          int num_inputs, const std::vector<int64_t>& outputs,
                          const StepInfo& step) {
  std::vector<Tensor> arguments, results;
  std::vector<ValueVersion> versions;
  for (int i = first_input; i < first_input + num_inputs; ++i) {
    arguments.push_back(c.input(i));
    versions.push_back(c.input_version(i));
  }
  for (const int64_t output : outputs) {
    const Tensor& given = c.output(static_cast<int>(output));
    results.push_back(IsAllocated(given) ? given : Tensor());
  }
  RETURN_IF_ERROR(function.Begin()->Run(arguments, versions, absl::MakeSpan(results), step));
  for (size_t r = 0; r < outputs.size(); ++r) {
    const int output = static_cast<int>(outputs[r]);
    if (!IsAllocated(c.output(output))) c.SetOutput(output, std::move(results[r]));
  }
  return absl::OkStatus();
}

}  // namespace viv
