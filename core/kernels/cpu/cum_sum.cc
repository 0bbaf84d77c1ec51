// CumSum: running sums, in double for floats and in float for 16-bit types.
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/sums.h"

namespace viv {
namespace {

template <typename T>
class CumSumKernel : public Kernel {
 public:
  explicit CumSumKernel(const KernelInit& init)
      : exclusive_(init.attrs.Bool("exclusive")), reverse_(init.attrs.Bool("reverse")) {
    const Shape& x = init.input_shapes[0];
    const int64_t given = init.attrs.Int("axis");
    const int axis = static_cast<int>(given < 0 ? given + x.rank() : given);
    outer_ = x.Elements(0, axis);
    n_ = x.dim(axis);
    inner_ = x.Elements(axis + 1, x.rank());
  }

  absl::Status Compute(const KernelContext& c) const override {
    for (int64_t o = 0; o < outer_; ++o) {
      for (int64_t i = 0; i < inner_; ++i) {
        const int64_t first = o * n_ * inner_ + i;
        Row(c.in<T>(0) + first, c.out<T>() + first);
      }
    }
    return absl::OkStatus();
  }

 private:
  void Row(const T* x, T* y) const {
    using S = std::conditional_t<std::is_same_v<T, float>, double, SumType<T>>;
    S sum{0};
    for (int64_t k = 0; k < n_; ++k) {
      const int64_t at = (reverse_ ? n_ - 1 - k : k) * inner_;
      const T value = x[at];
      if (exclusive_) y[at] = static_cast<T>(sum);
      AddTo(sum, value);
      if (!exclusive_) y[at] = static_cast<T>(sum);
    }
  }

  bool exclusive_, reverse_;
  int64_t outer_, n_, inner_;
};
const bool kCumSum = RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t>(
    "CumSum", []<typename T>() { return MakeKernel<CumSumKernel<T>>(); }, {{0, 0}});

}  // namespace
}  // namespace viv
