// Walks two broadcast operands along a common shape.
#ifndef VIV_CORE_KERNELS_CPU_BROADCAST_H_
#define VIV_CORE_KERNELS_CPU_BROADCAST_H_

#include <cstdint>
#include <vector>

#include "core/tensor/shape.h"

namespace viv {

// The common shape of two operands as nested loops: the innermost runs over `inner` elements with
// strides of 0 or more, neighbouring dimensions that both operands step through alike are one loop.
class BroadcastWalk {
 public:
  // `a` and `b` broadcast to `common`.
  BroadcastWalk(const Shape& common, const Shape& a, const Shape& b);

  int64_t inner() const { return inner_; }
  int64_t inner_stride_a() const { return stride_a_.empty() ? 0 : stride_a_.back(); }
  int64_t inner_stride_b() const { return stride_b_.empty() ? 0 : stride_b_.back(); }

  // Calls run(offset in the common shape, in a, in b) for the start of every innermost loop.
  template <typename F>
  void ForEach(F run) const {
    if (elements_ == 0) return;
    const int outer = static_cast<int>(extents_.size()) - 1;
    std::vector<int64_t> index(outer < 0 ? 0 : outer, 0);
    int64_t a = 0, b = 0;
    for (int64_t at = 0; at < elements_; at += inner_) {
      run(at, a, b);
      for (int d = outer - 1; d >= 0; --d) {
        a += stride_a_[d];
        b += stride_b_[d];
        if (++index[d] < extents_[d]) break;
        a -= stride_a_[d] * extents_[d];
        b -= stride_b_[d] * extents_[d];
        index[d] = 0;
      }
    }
  }

 private:
  int64_t elements_ = 0;
  int64_t inner_ = 1;
  std::vector<int64_t> extents_, stride_a_, stride_b_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_BROADCAST_H_
