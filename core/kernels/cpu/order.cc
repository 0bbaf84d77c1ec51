// Order: rows of indices, sorted by what they point at; equal elements keep their order, so the
// result is one and the same everywhere.
#include <algorithm>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/sums.h"

namespace viv {
namespace {

// Whether a comes before b in rising order; NaN comes last.
template <typename T>
bool Before(T a, T b) {
  if constexpr (kIs16BitFloat<T>) {
    return Before(static_cast<float>(a), static_cast<float>(b));
  } else if constexpr (std::is_floating_point_v<T>) {
    return a < b || (b != b && a == a);
  } else {
    return a < b;
  }
}

template <typename T>
class OrderKernel : public Kernel {
 public:
  explicit OrderKernel(const KernelInit& init)
      : descending_(init.attrs.Bool("descending")),
        columns_(init.input_shapes[0].dim(init.input_shapes[0].rank() - 1)),
        k_(init.output_shapes[0].dim(init.output_shapes[0].rank() - 1)),
        rows_(init.input_shapes[0].Elements(0, init.input_shapes[0].rank() - 1)) {}

  size_t scratch_bytes() const override { return rows_ * columns_ * sizeof(int64_t); }

  absl::Status Compute(const KernelContext& c) const override {
    if (k_ == 0) return absl::OkStatus();
    int64_t* scratch = static_cast<int64_t*>(c.scratch());
    const int64_t grain = std::max<int64_t>(1, (1 << 13) / columns_);
    ParallelFor(rows_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* x = c.in<T>(0) + r * columns_;
        int64_t* order = scratch + r * columns_;
        std::iota(order, order + columns_, int64_t{0});
        const auto before = [&](int64_t a, int64_t b) {
          if (descending_ ? Before(x[b], x[a]) : Before(x[a], x[b])) return true;
          if (descending_ ? Before(x[a], x[b]) : Before(x[b], x[a])) return false;
          return a < b;
        };
        std::partial_sort(order, order + k_, order + columns_, before);
        std::copy_n(order, k_, c.out<int64_t>() + r * k_);
      }
    });
    return absl::OkStatus();
  }

 private:
  bool descending_;
  int64_t columns_, k_, rows_;
};
const bool kOrder =
    RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t, bool>(
        "Order", []<typename T>() { return MakeKernel<OrderKernel<T>>(); });

}  // namespace
}  // namespace viv
