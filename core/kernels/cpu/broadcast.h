// Walks broadcast operands along a common shape.
#ifndef VIV_CORE_KERNELS_CPU_BROADCAST_H_
#define VIV_CORE_KERNELS_CPU_BROADCAST_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/tensor/shape.h"

namespace viv {

// The common shape of up to three operands as nested loops: the innermost, a row, runs over `inner`
// elements with strides of 0 or more; neighbouring dimensions that all operands step through alike
// are one loop.
class BroadcastWalk {
 public:
  // The operands broadcast to `common`. An operand that is left out stays at offset 0.
  BroadcastWalk(const Shape& common, const Shape& a, const Shape& b, const Shape& c = Shape());

  int64_t inner() const { return inner_; }
  // How many rows there are.
  int64_t rows() const { return elements_ == 0 ? 0 : elements_ / inner_; }
  int64_t inner_stride_a() const { return InnerStride(0); }
  int64_t inner_stride_b() const { return InnerStride(1); }
  int64_t inner_stride_c() const { return InnerStride(2); }

  // Calls run(offset in the common shape, in a, in b, in c) for rows [begin, end).
  template <typename F>
  void ForRows(int64_t begin, int64_t end, F run) const {
    std::array<int64_t, Shape::kMaxRank> index = {};
    int64_t at[3] = {0, 0, 0};
    const int outer = static_cast<int>(loops_.size()) - 1;
    int64_t rest = begin;
    for (int d = outer - 1; d >= 0 && rest > 0; --d) {
      index[d] = rest % loops_[d].extent;
      rest /= loops_[d].extent;
      for (int k = 0; k < 3; ++k) at[k] += loops_[d].stride[k] * index[d];
    }
    for (int64_t row = begin; row < end; ++row) {
      run(row * inner_, at[0], at[1], at[2]);
      for (int d = outer - 1; d >= 0; --d) {
        const Loop& loop = loops_[d];
        for (int k = 0; k < 3; ++k) at[k] += loop.stride[k];
        if (++index[d] < loop.extent) break;
        for (int k = 0; k < 3; ++k) at[k] -= loop.stride[k] * loop.extent;
        index[d] = 0;
      }
    }
  }

 private:
  struct Loop {
    int64_t extent;
    std::array<int64_t, 3> stride;
  };
  int64_t InnerStride(int operand) const {
    return loops_.empty() ? 0 : loops_.back().stride[operand];
  }

  int64_t elements_ = 0;
  int64_t inner_ = 1;
  std::vector<Loop> loops_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_BROADCAST_H_
