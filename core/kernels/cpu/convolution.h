// The geometry of a convolution, for its kernels.
#ifndef VIV_CORE_KERNELS_CPU_CONVOLUTION_H_
#define VIV_CORE_KERNELS_CPU_CONVOLUTION_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor/attr.h"
#include "core/tensor/shape.h"

namespace viv {

// Windows along one axis: element a of window i lies at i stride + a dilation - before, in the
// image or in the padding.
struct WindowAxis {
  WindowAxis() = default;
  // axis: 0 for height, 1 for width; extents of the image, the window and the result.
  WindowAxis(const AttrMap& attrs, int axis, int64_t image, int64_t window, int64_t windows)
      : image(image), window(window), windows(windows) {
    // Where there is nothing to step over, a stride is 1: the number may be absurd.
    stride = windows > 1 ? attrs.Ints("strides")[axis] : 1;
    dilation = window > 1 ? attrs.Ints("dilations")[axis] : 1;
    const std::string& padding = attrs.String("padding");
    if (padding == "explicit") before = attrs.Ints("pads")[2 * axis];
    if (padding == "same") before = std::max<int64_t>(0, Overhang()) / 2;
  }
  // How far the last window reaches beyond the image, without padding before it; may be negative.
  int64_t Overhang() const { return (windows - 1) * stride + (window - 1) * dilation + 1 - image; }

  int64_t image = 0, window = 0, windows = 0;
  int64_t stride = 1, dilation = 1, before = 0;
};

// Of images x: [n, height.image, width.image, c] with filters [height.window, width.window,
// c / groups, k] to y: [n, height.windows, width.windows, k].
struct ConvGeometry {
  ConvGeometry(const AttrMap& attrs, const Shape& x, const Shape& filter, const Shape& y)
      : n(x.dim(0)),
        c(x.dim(3)),
        k(filter.dim(3)),
        groups(attrs.Int("groups")),
        height(attrs, 0, x.dim(1), filter.dim(0), y.dim(1)),
        width(attrs, 1, x.dim(2), filter.dim(1), y.dim(2)) {}

  // Whether no element of x meets any filter: then what is computed is all zeros, or nothing.
  bool empty() const {
    return n == 0 || c == 0 || k == 0 || height.windows == 0 || width.windows == 0;
  }

  int64_t n, c, k, groups;
  WindowAxis height, width;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_CONVOLUTION_H_
