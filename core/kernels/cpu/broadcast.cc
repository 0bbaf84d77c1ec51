// Strides of broadcast operands.
#include "core/kernels/cpu/broadcast.h"

namespace viv {
namespace {

// Strides of `operand` along `common`: 0 where it is repeated.
std::vector<int64_t> Strides(const Shape& common, const Shape& operand) {
  std::vector<int64_t> strides(common.rank(), 0);
  int64_t stride = 1;
  for (int i = operand.rank() - 1; i >= 0; --i) {
    const int at = i + common.rank() - operand.rank();
    if (operand.dim(i) != 1) strides[at] = stride;
    stride *= operand.dim(i);
  }
  return strides;
}

}  // namespace

BroadcastWalk::BroadcastWalk(const Shape& common, const Shape& a, const Shape& b)
    : elements_(common.num_elements()) {
  const std::vector<int64_t> sa = Strides(common, a), sb = Strides(common, b);
  for (int i = 0; i < common.rank(); ++i) {
    const int64_t extent = common.dim(i);
    if (extent == 1) continue;
    const bool merge = !extents_.empty() && stride_a_.back() == sa[i] * extent &&
                       stride_b_.back() == sb[i] * extent;
    if (merge) {
      extents_.back() *= extent;
      stride_a_.back() = sa[i];
      stride_b_.back() = sb[i];
    } else {
      extents_.push_back(extent);
      stride_a_.push_back(sa[i]);
      stride_b_.push_back(sb[i]);
    }
  }
  if (!extents_.empty()) inner_ = extents_.back();
}

}  // namespace viv
