// The geometry of a convolution, for its kernels.
#ifndef VIV_CORE_KERNELS_CPU_CONVOLUTION_H_
#define VIV_CORE_KERNELS_CPU_CONVOLUTION_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/tensor/attr.h"
#include "core/tensor/shape.h"
#include "core/tensor/window.h"

namespace viv {

// The windows along an axis, 0 for height or 1 for width, of which there are `count`; `after` is
// what the last one needs, negative where it leaves elements out.
inline WindowAxis ConvolutionAxis(const AttrMap& attrs, int axis, int64_t extent, int64_t size,
                                  int64_t count) {
  // Where there is nothing to step over, a stride is 1: the number may be absurd.
  WindowAxis windows = {.extent = extent,
                        .size = size,
                        .stride = count > 1 ? attrs.Ints("strides")[axis] : 1,
                        .dilation = size > 1 ? attrs.Ints("dilations")[axis] : 1,
                        .count = count};
  const int64_t padding = (count - 1) * windows.stride + (size - 1) * windows.dilation + 1 - extent;
  const std::string& rule = attrs.String("padding");
  if (rule == "explicit") windows.before = attrs.Ints("pads")[2 * axis];
  if (rule == "same") windows.before = std::max<int64_t>(0, padding) / 2;
  windows.after = padding - windows.before;
  return windows;
}

// Of images x: [n, height.extent, width.extent, c] with filters [height.size, width.size,
// c / groups, k] to y: [n, height.count, width.count, k].
struct ConvGeometry {
  ConvGeometry(const AttrMap& attrs, const Shape& x, const Shape& filter, const Shape& y)
      : n(x.dim(0)),
        c(x.dim(3)),
        k(filter.dim(3)),
        groups(attrs.Int("groups")),
        height(ConvolutionAxis(attrs, 0, x.dim(1), filter.dim(0), y.dim(1))),
        width(ConvolutionAxis(attrs, 1, x.dim(2), filter.dim(1), y.dim(2))) {}

  // Whether no element of x meets any filter: then what is computed is all zeros, or nothing.
  bool empty() const { return n == 0 || c == 0 || k == 0 || height.count == 0 || width.count == 0; }

  int64_t n, c, k, groups;
  WindowAxis height, width;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_CONVOLUTION_H_
