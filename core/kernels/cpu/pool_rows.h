// One row of a pooled image, or of the gradient of an image, [H, W, C], for MaxPool2D and
// AvgPool2D. Floats, and bfloat16 given by its bits.
#ifndef VIV_CORE_KERNELS_CPU_POOL_ROWS_H_
#define VIV_CORE_KERNELS_CPU_POOL_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// Of a window along one axis: where it starts (maybe before the image), and which of its places lie
// inside: start + [first, last).
struct PoolSpan {
  int64_t start, first, last;
};
// Which windows cover a place of an axis: [first, last).
struct PoolCover {
  int64_t first, last;
};

struct PoolImage {
  int64_t width, channels, out_width;
  int64_t window_width;
  const PoolSpan *rows, *columns;               // by window
  const PoolCover *row_covers, *column_covers;  // by place
  // AvgPool2D divides a window's sum by this, or by the number of places inside where it is 0.
  int64_t window_elements;
};

#define VIV_DECLARE_POOL(T, suffix)                                                          \
  VIV_DECLARE_ISA(                                                                           \
      void MaxPoolRow##suffix(const PoolImage& image, const T* x, int64_t row, T* y,         \
                              uint8_t* index);                                               \
      void AvgPoolRow##suffix(const PoolImage& image, const T* x, int64_t row, T* y);        \
      void MaxPoolGradRow##suffix(const PoolImage& image, const T* dy, const uint8_t* index, \
                                  int64_t row, T* dx);                                       \
      void AvgPoolGradRow##suffix(const PoolImage& image, const T* dy, int64_t row, T* dx);)
VIV_DECLARE_POOL(float, Float)
VIV_DECLARE_POOL(uint16_t, BFloat16)
#undef VIV_DECLARE_POOL

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_POOL_ROWS_H_
