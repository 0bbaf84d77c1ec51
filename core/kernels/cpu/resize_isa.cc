// Rows of floats of Resize2D: plain loops, which the compiler makes vectors of.
#include "core/kernels/cpu/resize_rows.h"

namespace viv::VIV_ISA {

void BlendRow(const float* a, const float* b, float share, float* y, int64_t n) {
  BlendRowLoop(a, b, share, y, n);
}
void AddScaledRow(const float* x, float factor, float* y, int64_t n) {
  AddScaledRowLoop(x, factor, y, n);
}

}  // namespace viv::VIV_ISA
