// Transpose: walks the output in order and the input by strides.
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

template <typename T>
class TransposeKernel : public Kernel {
 public:
  explicit TransposeKernel(const KernelInit& init) : shape_(init.output_shapes[0].ToShape()) {
    const Shape& x = init.input_shapes[0];
    for (const int64_t axis : init.attrs.Ints("perm")) {
      strides_.push_back(x.Elements(static_cast<int>(axis) + 1, x.rank()));
    }
  }

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    T* y = c.out<T>();
    const int rank = shape_.rank();
    const int64_t n = shape_.num_elements();
    const int64_t inner = rank == 0 ? 1 : shape_.dim(rank - 1);
    const int64_t stride = rank == 0 ? 0 : strides_.back();
    std::vector<int64_t> index(rank, 0);
    int64_t from = 0;
    for (int64_t at = 0; at < n; at += inner) {
      for (int64_t i = 0; i < inner; ++i) y[at + i] = x[from + i * stride];
      for (int d = rank - 2; d >= 0; --d) {
        from += strides_[d];
        if (++index[d] < shape_.dim(d)) break;
        from -= strides_[d] * shape_.dim(d);
        index[d] = 0;
      }
    }
    return absl::OkStatus();
  }

 private:
  Shape shape_;
  std::vector<int64_t> strides_;
};
const bool kTranspose = RegisterFor<float, double, int32_t, int64_t>(
    "Transpose", []<typename T>() { return MakeKernel<TransposeKernel<T>>(); });

}  // namespace
}  // namespace viv
