// Parts of Resize2D over rows of floats.
#ifndef VIV_CORE_KERNELS_CPU_RESIZE_ROWS_H_
#define VIV_CORE_KERNELS_CPU_RESIZE_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// Where an element comes from: places `low` and `high`, the latter with this share.
struct ResizeTap {
  int64_t low, high;
  double share;
};

// BlendRow: y = a + (b - a) share. AddScaledRow: y += x factor.
VIV_DECLARE_ISA(void BlendRow(const float* a, const float* b, float share, float* y, int64_t n);
                void AddScaledRow(const float* x, float factor, float* y, int64_t n);)

template <typename T>
void BlendRowLoop(const T* a, const T* b, T share, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] + (b[i] - a[i]) * share;
}
template <typename T>
void AddScaledRowLoop(const T* x, T factor, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i] * factor;
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_RESIZE_ROWS_H_
