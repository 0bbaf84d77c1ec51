// The element-wise halves of an LSTM step for one example: H units, gates [4H] in the order i, f,
// g, o.
#ifndef VIV_CORE_KERNELS_CPU_LSTM_ROWS_H_
#define VIV_CORE_KERNELS_CPU_LSTM_ROWS_H_

#include <cmath>
#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// gates = activations of a + b + bias; c_new and h follow. `b` may be null; `gates` may be `a` or
// `b`, `c_new` may be `c`.
VIV_DECLARE_ISA(void LstmForwardRow(int64_t units, const float* a, const float* b,
                                    const float* bias, const float* c, float* gates, float* c_new,
                                    float* h);)
void LstmForwardRow(int64_t units, const double* a, const double* b, const double* bias,
                    const double* c, double* gates, double* c_new, double* h);

// From the gradients of h and of the new cell those of the pre-activations and of the old cell.
// dz may be `gates`, dc_old may be `dc`.
VIV_DECLARE_ISA(void LstmBackwardRow(int64_t units, const float* gates, const float* c,
                                     const float* c_new, const float* dh, const float* dc,
                                     float* dz, float* dc_old);)
void LstmBackwardRow(int64_t units, const double* gates, const double* c, const double* c_new,
                     const double* dh, const double* dc, double* dz, double* dc_old);

// sums[j] += x[0][j] + ... + x[rows - 1][j] for j in [begin, end); rows are `stride` apart.
VIV_DECLARE_ISA(void AddColumns(const float* x, int64_t rows, int64_t stride, int64_t begin,
                                int64_t end, float* sums);)
void AddColumns(const double* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                double* sums);

inline void LstmForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                           const float* c, float* gates, float* c_new, float* h) {
  VIV_CALL_ISA(LstmForwardRow)(units, a, b, bias, c, gates, c_new, h);
}
inline void LstmBackwardRow(int64_t units, const float* gates, const float* c, const float* c_new,
                            const float* dh, const float* dc, float* dz, float* dc_old) {
  VIV_CALL_ISA(LstmBackwardRow)(units, gates, c, c_new, dh, dc, dz, dc_old);
}
inline void AddColumns(const float* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                       float* sums) {
  VIV_CALL_ISA(AddColumns)(x, rows, stride, begin, end, sums);
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_LSTM_ROWS_H_
