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

BroadcastWalk::BroadcastWalk(const Shape& common, const Shape& a, const Shape& b, const Shape& c)
    : elements_(common.num_elements()) {
  const std::vector<int64_t> strides[3] = {Strides(common, a), Strides(common, b),
                                           Strides(common, c)};
  for (int i = 0; i < common.rank(); ++i) {
    const int64_t extent = common.dim(i);
    if (extent == 1) continue;
    const Loop loop = {extent, {strides[0][i], strides[1][i], strides[2][i]}};
    bool merge = !loops_.empty();
    for (int k = 0; k < 3 && merge; ++k) {
      merge = loops_.back().stride[k] == loop.stride[k] * extent;
    }
    if (merge) {
      loops_.back() = {loops_.back().extent * extent, loop.stride};
    } else {
      loops_.push_back(loop);
    }
  }
  if (!loops_.empty()) inner_ = loops_.back().extent;
}

}  // namespace viv
