// Order: rows of indices, sorted by what they point at; equal elements keep their order, so the
// result is one and the same everywhere.
//
// A few of the greatest floats of a long row are found by way of the greatest of each of its
// groups: of the k groups with the greatest of those, each has an element that is no less than the
// k-th of them, so that all k that are sought are no less either, and few others are.
#include <algorithm>
#include <functional>
#include <numeric>

#include "core/base/parallel.h"
#include "core/kernels/cpu/reduce_rows.h"
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
        rows_(init.input_shapes[0].Elements(0, init.input_shapes[0].rank() - 1)) {
    if (!std::is_same_v<T, float> || !descending_ || k_ == 0) return;
    if (k_ * kLeastGroup > columns_) return;
    group_ = std::min(kMostGroup, columns_ / k_);
    tops_ = VIV_CALL_ISA(MostTops)(columns_, group_);
  }

  // For each row its order and, behind all of them, the greatest of each group.
  size_t scratch_bytes() const override {
    return rows_ * (columns_ * sizeof(int64_t) + tops_ * sizeof(float));
  }

  absl::Status Compute(const KernelContext& c) const override {
    if (k_ == 0) return absl::OkStatus();
    int64_t* scratch = static_cast<int64_t*>(c.scratch());
    const int64_t grain = std::max<int64_t>(1, (1 << 13) / columns_);
    ParallelFor(rows_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* x = c.in<T>(0) + r * columns_;
        int64_t* order = scratch + r * columns_;
        float* tops = reinterpret_cast<float*>(scratch + rows_ * columns_) + r * tops_;
        const int64_t count = Candidates(x, tops, order);
        const auto before = [&](int64_t a, int64_t b) {
          if (descending_ ? Before(x[b], x[a]) : Before(x[a], x[b])) return true;
          if (descending_ ? Before(x[a], x[b]) : Before(x[b], x[a])) return false;
          return a < b;
        };
        std::partial_sort(order, order + k_, order + count, before);
        std::copy_n(order, k_, c.out<int64_t>() + r * k_);
      }
    });
    return absl::OkStatus();
  }

 private:
  // Elements of a group: the more, the fewer groups, and the more elements that are no less.
  static constexpr int64_t kLeastGroup = 32, kMostGroup = 64;

  // Sets `order` to the elements among which the first k are, and returns how many they are.
  int64_t Candidates(const T* x, float* tops, int64_t* order) const {
    if constexpr (std::is_same_v<T, float>) {
      const int64_t count = tops_ > 0 ? Greatest(x, tops, order) : 0;
      if (count > 0) return count;
    }
    std::iota(order, order + columns_, int64_t{0});
    return columns_;
  }

  // The same for few of many floats; 0 where there is a NaN.
  int64_t Greatest(const float* x, float* tops, int64_t* order) const {
    static const auto group_tops = VIV_CALL_ISA(GroupTops);
    static const auto find = VIV_CALL_ISA(FindAtLeast);
    const int64_t n = group_tops(x, columns_, group_, tops);
    for (int64_t i = 0; i < n; ++i) {
      if (tops[i] != tops[i]) return 0;
    }
    std::nth_element(tops, tops + k_ - 1, tops + n, std::greater<float>());
    return find(x, columns_, tops[k_ - 1], order);
  }

  bool descending_;
  int64_t columns_, k_, rows_;
  // 0: rows are sorted as a whole.
  int64_t group_ = 0, tops_ = 0;
};
const bool kOrder =
    RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t, bool>(
        "Order", []<typename T>() { return MakeKernel<OrderKernel<T>>(); });

}  // namespace
}  // namespace viv
