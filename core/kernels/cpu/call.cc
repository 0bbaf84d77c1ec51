// Call, and CustomGradient, which is a call of its forward function.
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/kernels/cpu/function_call.h"

namespace viv {
namespace {

class CallKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    auto kernel = std::make_unique<CallKernel>();
    for (size_t i = 0; i < init.output_types.size(); ++i) kernel->outputs_.push_back(i);
    kernel->key_ = HashString64(init.attrs.String("key"));
    ASSIGN_OR_RETURN(kernel->function_, init.callable(init.attrs.String("function"),
                                                      static_cast<int>(init.output_types.size())));
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  absl::Status Compute(const KernelContext& c) const override {
    StepInfo step = c.step();
    step.loop_index = HashCombine(step.loop_index, key_);
    return CallFunction(c, *function_, 0, c.num_inputs(), outputs_, step);
  }

 private:
  std::vector<int64_t> outputs_;  // all
  uint64_t key_ = 0;
  std::shared_ptr<const Callable> function_;
};

class ForwardKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    auto kernel = std::make_unique<ForwardKernel>();
    for (size_t i = 0; i < init.output_types.size(); ++i) kernel->outputs_.push_back(i);
    kernel->num_inputs_ = static_cast<int>(init.attrs.Int("forward_inputs"));
    ASSIGN_OR_RETURN(kernel->function_, init.callable(init.attrs.String("forward"),
                                                      static_cast<int>(init.output_types.size())));
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  absl::Status Compute(const KernelContext& c) const override {
    return CallFunction(c, *function_, 0, num_inputs_, outputs_, c.step());
  }

 private:
  std::vector<int64_t> outputs_;  // all
  int num_inputs_ = 0;
  std::shared_ptr<const Callable> function_;
};

const KernelRegistration kCustomGradient({.op = "CustomGradient",
                                          .device = "cpu",
                                          .factory = &ForwardKernel::Make});
const KernelRegistration kCall({.op = "Call", .device = "cpu", .factory = &CallKernel::Make});

}  // namespace
}  // namespace viv
