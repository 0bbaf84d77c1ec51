// Transpose and BroadcastTo: the input's elements by other strides.
#include "core/device/kernel.h"
#include "core/kernels/cpu/strided_copy.h"

namespace viv {
namespace {

class TransposeKernel : public Kernel {
 public:
  explicit TransposeKernel(const KernelInit& init) {
    const Dims strides = DenseStrides(init.input_shapes[0]);
    Dims from;
    for (const int64_t axis : init.attrs.Ints("perm")) from.push_back(strides[axis]);
    const Shape y = init.output_shapes[0].ToShape();
    copy_ = StridedCopy(Dims(y.dims().begin(), y.dims().end()), from, DenseStrides(y));
  }
  absl::Status Compute(const KernelContext& c) const override {
    copy_.Run(c.input(0).dtype(), c.input(0).raw(), c.output(0).raw());
    return absl::OkStatus();
  }

 private:
  StridedCopy copy_;
};
const KernelRegistration kTranspose({.op = "Transpose",
                                     .device = "cpu",
                                     .factory = MakeKernel<TransposeKernel>()});

class BroadcastKernel : public Kernel {
 public:
  explicit BroadcastKernel(const KernelInit& init) {
    const Shape& x = init.input_shapes[0];
    const Shape y = init.output_shapes[0].ToShape();
    const Dims strides = DenseStrides(x);
    Dims from(y.rank(), 0);
    for (int i = 0; i < x.rank(); ++i) {
      if (x.dim(i) != 1) from[i + y.rank() - x.rank()] = strides[i];
    }
    copy_ = StridedCopy(Dims(y.dims().begin(), y.dims().end()), from, DenseStrides(y));
  }
  absl::Status Compute(const KernelContext& c) const override {
    copy_.Run(c.input(0).dtype(), c.input(0).raw(), c.output(0).raw());
    return absl::OkStatus();
  }

 private:
  StridedCopy copy_;
};
const KernelRegistration kBroadcast({.op = "BroadcastTo",
                                     .device = "cpu",
                                     .factory = MakeKernel<BroadcastKernel>()});

}  // namespace
}  // namespace viv
