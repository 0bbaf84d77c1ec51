// Sum and SumTo. Sums accumulate in double, or in integers that wrap.
#include "core/kernels/cpu/reduce.h"
#include "core/kernels/cpu/reduce_rows.h"
#include "core/kernels/cpu/reduce_widened.h"

namespace viv {
namespace {

template <typename T>
struct Summation {
  using In = T;
  using Folded = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  using Out = T;
  static Folded Neutral() { return 0; }
  static Folded Of(T x) { return static_cast<Folded>(static_cast<Wide<T>>(x)); }
  static Folded Both(Folded a, Folded b) { return a + b; }
  static Folded Fold(const T* x, int64_t n, Folded start) {
    if constexpr (std::is_same_v<Wide<T>, float>) {
      static const auto fold = VIV_CALL_ISA(FoldSum);
      return FoldWidened(x, n, start, fold);
    } else {
      for (int64_t i = 0; i < n; ++i) start += Of(x[i]);
      return start;
    }
  }
  static void Join(const T* x, Folded* folded, int64_t n) {
    if constexpr (std::is_same_v<Wide<T>, float>) {
      static const auto join = VIV_CALL_ISA(JoinSum);
      JoinWidened(x, folded, n, join);
    } else {
      for (int64_t i = 0; i < n; ++i) folded[i] += Of(x[i]);
    }
  }
  static T Finish(Folded folded) { return static_cast<T>(static_cast<Wide<T>>(folded)); }
};

const bool kSum =
    RegisterFor<VIV_NUMBERS>("Sum", []<typename T>() { return MakeReduction<Summation<T>>(); });

// Of tensors whose shapes turn out to be equal, as the gradients of most sums with a residual do.
class CopyKernel : public Kernel {
 public:
  absl::Status Compute(const KernelContext& c) const override {
    const auto* x = static_cast<const char*>(c.input(0).raw());
    auto* y = static_cast<char*>(c.output(0).raw());
    if (x == y) return absl::OkStatus();
    ParallelFor(static_cast<int64_t>(c.input(0).bytes()), 1 << 17,
                [&](int64_t begin, int64_t end) { std::copy(x + begin, x + end, y + begin); });
    return absl::OkStatus();
  }
};

template <typename T>
absl::StatusOr<std::unique_ptr<Kernel>> MakeSumTo(const KernelInit& init) {
  if (init.input_shapes[0] == init.output_shapes[0].ToShape()) {
    return std::make_unique<CopyKernel>();
  }
  return std::make_unique<ReductionKernel<Summation<T>>>(init.input_shapes[0],
                                                         init.output_shapes[0].ToShape());
}
const bool kSumTo = RegisterFor<VIV_NUMBERS>(
    "SumTo", []<typename T>() { return KernelFactory(&MakeSumTo<T>); }, {{0, 0}});

}  // namespace
}  // namespace viv
