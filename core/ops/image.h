// Builder functions of ops on images and maps of features: [N, H, W, C], that is batch, height,
// width, channels.
#ifndef VIV_CORE_OPS_IMAGE_H_
#define VIV_CORE_OPS_IMAGE_H_

#include <utility>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

// Windows that move over an image.

// What lies around the image, always zeros.
struct WindowPadding {
  enum class Mode { kValid, kSame, kExplicit };

  // Nothing: a window stands on the image alone.
  static WindowPadding Valid() { return {}; }
  // So much that there are extent / stride windows, rounded up; an odd row or column is the last.
  static WindowPadding Same() { return {.mode = Mode::kSame}; }
  static WindowPadding Explicit(int64_t top, int64_t bottom, int64_t left, int64_t right) {
    return {.mode = Mode::kExplicit, .pads = {top, bottom, left, right}};
  }
  // The same on all sides.
  static WindowPadding All(int64_t n) { return Explicit(n, n, n, n); }

  Mode mode = Mode::kValid;
  std::vector<int64_t> pads = {0, 0, 0, 0};
};

// Pooling.

struct Pool2DOptions {
  // Height and width; of MaxPool2D at most 256 elements.
  std::vector<int64_t> window = {2, 2};
  std::vector<int64_t> strides = {2, 2};
  // Explicit padding is narrower than a window. Who wants begun windows too (ceil mode) pads below
  // and at the right.
  WindowPadding padding = {};
  // Whether an average counts padding, as zeros.
  bool count_padding = false;

  static Pool2DOptions Square(int64_t size, int64_t stride, WindowPadding padding = {}) {
    return {{size, size}, {stride, stride}, std::move(padding)};
  }
};
// x: [N, H, W, C]. The greatest element of each window, NaN where it has one, its gradient flows
// into the first of those that are equal; the mean of each window. Padding is left out.
Output MaxPool2D(BuilderRef b, Output x, const Pool2DOptions& options);
Output AvgPool2D(BuilderRef b, Output x, const Pool2DOptions& options);
// x: [N, H, W, C] -> [N, C], the means.
Output GlobalAvgPool2D(BuilderRef b, Output x);

// Normalisation.

// Normalises each channel of x: [..., C] over all its other elements. scale, offset: [C], float for
// a 16-bit x.
struct BatchNormResult {
  Output y;
  Output mean, variance;  // [C], of this batch; the variance is the biased one
};
struct BatchNormOptions {
  double epsilon = 1e-5;
  bool relu = false;  // y = max(0, .)
};
BatchNormResult BatchNorm(BuilderRef b, Output x, Output scale, Output offset,
                          BatchNormOptions options = {});
// The same with a mean and a variance that are given.
Output BatchNormInference(BuilderRef b, Output x, Output scale, Output offset, Output mean,
                          Output variance, BatchNormOptions options = {});

// x: [..., C], each element divided by a power, beta, of bias + alpha times the mean square of the
// `size` (odd) channels around; channels beyond the ends are zeros. The defaults are those of
// AlexNet and GoogLeNet.
struct LocalResponseNormOptions {
  int64_t size = 5;
  double alpha = 1e-4;
  double beta = 0.75;
  double bias = 1;
};
Output LocalResponseNorm(BuilderRef b, Output x, const LocalResponseNormOptions& options = {});

// Convolutions.

struct Conv2DOptions {
  // Along height and width, like the dilations: the distance between an element of the filter and
  // the next.
  std::vector<int64_t> strides = {1, 1};
  WindowPadding padding = {};
  std::vector<int64_t> dilations = {1, 1};
  // So many equal parts of the channels are convolved apart from each other.
  int64_t groups = 1;
};
// x: [N, H, W, C] with filter: [h, w, C / groups, K] -> [N, H', W', K]; the filter is not mirrored.
// Float, double or bfloat16; of bfloat16 x the filter is float, and its elements are rounded.
Output Conv2D(BuilderRef b, Output x, Output filter, const Conv2DOptions& options = {});

// Each channel by itself: filter: [h, w, C, M] -> [N, H', W', C M], M results of channel 0 first.
// C is known when the graph is built. `options.groups` is ignored.
Output DepthwiseConv2D(BuilderRef b, Output x, Output filter, Conv2DOptions options = {});

// The transpose of the Conv2D with this filter and these options, also called deconvolution:
// x: [N, H', W', K] with filter: [h, w, C / groups, K] -> [N, H, W, C]. `extents`: {H, W}, extents
// of an image that the Conv2D makes H' x W' of; none: the smallest of them for "valid" and
// explicit padding, H' and W' times the stride for "same".
Output Conv2DTranspose(BuilderRef b, Output x, Output filter, const Conv2DOptions& options = {},
                       const std::vector<int64_t>& extents = {});

// Resizing.

// x: [N, H, W, C] -> [N, height, width, C]. An element is interpolated between its four neighbours
// or is the nearest one. Its place follows from both images lying one over the other: their borders
// (the rule of OpenCV, and of PyTorch's "nearest-exact" and its default) or, with align_corners,
// the centres of their outermost elements. Nothing is averaged where an image gets much smaller.
Output ResizeBilinear(BuilderRef b, Output x, int64_t height, int64_t width,
                      bool align_corners = false);
Output ResizeNearest(BuilderRef b, Output x, int64_t height, int64_t width,
                     bool align_corners = false);

}  // namespace viv

#endif  // VIV_CORE_OPS_IMAGE_H_
