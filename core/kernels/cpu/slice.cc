// Slice and SliceGrad: one side dense, the other with the slice's strides.
#include <cstring>

#include "core/device/kernel.h"
#include "core/kernels/cpu/strided_copy.h"
#include "core/tensor/slice_range.h"

namespace viv {
namespace {

class SliceKernel : public Kernel {
 public:
  // The slice of x; `grad`: from the slice to its places in x, else from x.
  SliceKernel(const AttrMap& attrs, const Shape& x, bool grad) : grad_(grad) {
    const std::vector<int64_t>& begins = attrs.Ints("begins");
    Dims whole = DenseStrides(x);
    Shape slice = x;
    for (size_t i = 0; i < begins.size(); ++i) {
      const ResolvedSlice range =
          ResolveSlice(begins[i], attrs.Ints("ends")[i], attrs.Ints("steps")[i], x.dim(i));
      slice.set_dim(static_cast<int>(i), range.count);
      // An empty range may begin outside.
      if (range.count > 0) first_ += range.first * whole[i];
      // A step that is never made may be anything: keep the product from overflowing.
      whole[i] = range.count > 1 ? whole[i] * range.step : 1;
    }
    const Dims extents(slice.dims().begin(), slice.dims().end());
    const Dims dense = DenseStrides(slice);
    copy_ = grad ? StridedCopy(extents, dense, whole) : StridedCopy(extents, whole, dense);
  }

  absl::Status Compute(const KernelContext& c) const override {
    const DType dtype = c.input(0).dtype();
    char* x = static_cast<char*>((grad_ ? c.output(0) : c.input(0)).raw());
    if (grad_ && c.output(0).bytes() > 0) std::memset(x, 0, c.output(0).bytes());
    if (c.input(0).num_elements() == 0) return absl::OkStatus();
    x += first_ * static_cast<int64_t>(DTypeSize(dtype));
    if (grad_) {
      copy_.Run(dtype, c.input(0).raw(), x);
    } else {
      copy_.Run(dtype, x, c.output(0).raw());
    }
    return absl::OkStatus();
  }

 private:
  bool grad_;
  int64_t first_ = 0;
  StridedCopy copy_;
};

absl::StatusOr<std::unique_ptr<Kernel>> MakeSlice(const KernelInit& init) {
  return std::unique_ptr<Kernel>(
      std::make_unique<SliceKernel>(init.attrs, init.input_shapes[0], false));
}
absl::StatusOr<std::unique_ptr<Kernel>> MakeSliceGrad(const KernelInit& init) {
  return std::unique_ptr<Kernel>(
      std::make_unique<SliceKernel>(init.attrs, init.output_shapes[0].ToShape(), true));
}

const KernelRegistration kSlice({.op = "Slice", .device = "cpu", .factory = &MakeSlice});
const KernelRegistration kSliceGrad({.op = "SliceGrad",
                                     .device = "cpu",
                                     .factory = &MakeSliceGrad});

}  // namespace
}  // namespace viv
