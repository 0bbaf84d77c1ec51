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

}  // namespace viv

#endif  // VIV_CORE_OPS_IMAGE_H_
