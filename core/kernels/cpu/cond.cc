// Cond. What only the other branch would have computed is zero.
#include <algorithm>
#include <cstring>

#include "core/base/status.h"
#include "core/kernels/cpu/function_call.h"

namespace viv {
namespace {

class CondKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    auto kernel = std::make_unique<CondKernel>();
    kernel->then_inputs_ = static_cast<int>(init.attrs.Int("then_inputs"));
    RETURN_IF_ERROR(kernel->then_.Find(init, "then"));
    RETURN_IF_ERROR(kernel->otherwise_.Find(init, "otherwise"));
    for (const PartialShape& shape : init.output_shapes) {
      kernel->empty_shapes_.push_back(EmptyShape(shape));
    }
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  absl::Status Compute(const KernelContext& c) const override {
    const bool yes = c.input(0).scalar<bool>();
    const Branch& branch = yes ? then_ : otherwise_;
    for (int i = 0; i < c.num_outputs(); ++i) {
      if (!std::binary_search(branch.outputs.begin(), branch.outputs.end(), i)) {
        RETURN_IF_ERROR(SetZero(c, i));
      }
    }
    const int first = yes ? 1 : 1 + then_inputs_;
    const int count = yes ? then_inputs_ : c.num_inputs() - 1 - then_inputs_;
    return CallFunction(c, *branch.function, first, count, branch.outputs, c.step());
  }

 private:
  struct Branch {
    absl::Status Find(const KernelInit& init, const std::string& attr) {
      const auto count = static_cast<int64_t>(init.output_types.size());
      for (const int64_t output : init.attrs.Ints(attr + "_outputs")) {
        if (output < count) outputs.push_back(output);
      }
      ASSIGN_OR_RETURN(function,
                       init.callable(init.attrs.String(attr), static_cast<int>(outputs.size())));
      return absl::OkStatus();
    }

    std::shared_ptr<const Callable> function;
    std::vector<int64_t> outputs;  // by result, rising
  };

  absl::Status SetZero(const KernelContext& c, int i) const {
    Tensor& output = c.output(i);
    if (!IsAllocated(output)) {
      ASSIGN_OR_RETURN(output, Tensor::Zeros(output.dtype(), empty_shapes_[i]));
    } else if (output.dtype() == kString) {
      for (std::string& text : output.mutable_flat<std::string>()) text.clear();
    } else if (output.bytes() > 0) {
      std::memset(output.raw(), 0, output.bytes());
    }
    return absl::OkStatus();
  }

  int then_inputs_ = 0;
  Branch then_, otherwise_;
  std::vector<Shape> empty_shapes_;  // by output: where nothing computes it
};

const KernelRegistration kCond({.op = "Cond", .device = "cpu", .factory = &CondKernel::Make});

}  // namespace
}  // namespace viv
