// Lays the carries out one after the other. Strings have memory of their own.
#include "core/kernels/cpu/carry_buffers.h"

#include "core/base/status.h"

namespace viv {

CarryBuffers::CarryBuffers(const KernelInit& init, int carries) {
  for (int i = 0; i < carries; ++i) {
    offsets_.push_back(bytes_);
    if (init.input_types[i] == kString) continue;
    const size_t bytes = init.input_shapes[i].num_elements() * DTypeSize(init.input_types[i]);
    bytes_ += (bytes + Allocator::kAlignment - 1) & ~(Allocator::kAlignment - 1);
  }
}

absl::StatusOr<std::vector<Tensor>> CarryBuffers::Tensors(const KernelContext& c) const {
  const std::shared_ptr<Buffer> buffer =
      Buffer::Borrow(c.scratch(), bytes_, nullptr, /*writable=*/true);
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < offsets_.size(); ++i) {
    const Tensor& like = c.input(static_cast<int>(i));
    if (like.dtype() == kString) {
      ASSIGN_OR_RETURN(Tensor strings, Tensor::Make(kString, like.shape()));
      tensors.push_back(std::move(strings));
    } else {
      tensors.emplace_back(like.dtype(), like.shape(), buffer, offsets_[i]);
    }
  }
  return tensors;
}

}  // namespace viv
