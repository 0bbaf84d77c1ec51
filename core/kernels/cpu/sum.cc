// Sum and SumTo: one walk over the larger tensor. Sums accumulate in double, or in integers that
// wrap, in a fixed order.
#include <algorithm>

#include "core/kernels/cpu/elementwise.h"

namespace viv {
namespace {

// The shape of a sum over `axes` with the reduced extents kept as ones.
Shape KeptShape(const Shape& x, const std::vector<int64_t>& axes) {
  Shape kept = x;
  for (int i = 0; i < x.rank(); ++i) {
    const bool reduced = axes.empty() || std::count(axes.begin(), axes.end(), i) > 0 ||
                         std::count(axes.begin(), axes.end(), i - x.rank()) > 0;
    if (reduced) kept.set_dim(i, 1);
  }
  return kept;
}

// Integers wrap.
template <typename T>
using SumOf = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

template <typename T>
SumOf<T> Term(T x) {
  return static_cast<SumOf<T>>(static_cast<Wide<T>>(x));
}

template <typename T>
class SumKernel : public Kernel {
 public:
  SumKernel(const Shape& x, const Shape& kept)
      : walk_(x, x, kept), elements_(kept.num_elements()) {}

  size_t scratch_bytes() const override { return elements_ * sizeof(SumOf<T>); }

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    auto* sums = static_cast<SumOf<T>*>(c.scratch());
    std::fill_n(sums, elements_, SumOf<T>{0});
    walk_.ForRows(0, walk_.rows(), [&](int64_t, int64_t a, int64_t b, int64_t) {
      const T* in = x + a;
      if (walk_.inner_stride_b() == 0) {
        SumOf<T> sum = 0;
        for (int64_t i = 0; i < walk_.inner(); ++i) sum += Term(in[i]);
        sums[b] += sum;
      } else {
        for (int64_t i = 0; i < walk_.inner(); ++i) sums[b + i] += Term(in[i]);
      }
    });
    for (int64_t i = 0; i < elements_; ++i)
      c.out<T>()[i] = static_cast<T>(static_cast<Wide<T>>(sums[i]));
    return absl::OkStatus();
  }

 private:
  BroadcastWalk walk_;
  int64_t elements_;
};

template <typename T>
absl::StatusOr<std::unique_ptr<Kernel>> MakeSum(const KernelInit& init) {
  const Shape& x = init.input_shapes[0];
  return std::unique_ptr<Kernel>(
      std::make_unique<SumKernel<T>>(x, KeptShape(x, init.attrs.Ints("axes"))));
}
const bool kSum =
    RegisterFor<VIV_NUMBERS>("Sum", []<typename T>() { return KernelFactory(&MakeSum<T>); });

template <typename T>
absl::StatusOr<std::unique_ptr<Kernel>> MakeSumTo(const KernelInit& init) {
  return std::unique_ptr<Kernel>(
      std::make_unique<SumKernel<T>>(init.input_shapes[0], init.output_shapes[0].ToShape()));
}
const bool kSumTo =
    RegisterFor<VIV_NUMBERS>("SumTo", []<typename T>() { return KernelFactory(&MakeSumTo<T>); });

}  // namespace
}  // namespace viv
