// Second buffers for the carries of a loop, in the kernel's scratch memory.
#ifndef VIV_CORE_KERNELS_CPU_CARRY_BUFFERS_H_
#define VIV_CORE_KERNELS_CPU_CARRY_BUFFERS_H_

#include <vector>

#include "core/device/kernel.h"

namespace viv {

class CarryBuffers {
 public:
  CarryBuffers() = default;
  // For the first `carries` inputs.
  CarryBuffers(const KernelInit& init, int carries);

  // Of the scratch memory.
  size_t bytes() const { return bytes_; }
  // Tensors of the inputs' types and shapes, valid during the call of the kernel.
  absl::StatusOr<std::vector<Tensor>> Tensors(const KernelContext& c) const;

 private:
  size_t bytes_ = 0;
  std::vector<size_t> offsets_;  // by carry
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_CARRY_BUFFERS_H_
