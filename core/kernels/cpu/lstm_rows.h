// The element-wise halves of an LSTM step for one example: H units, gates [4H] in the order i, f,
// g, o.
#ifndef VIV_CORE_KERNELS_CPU_LSTM_ROWS_H_
#define VIV_CORE_KERNELS_CPU_LSTM_ROWS_H_

#include <cmath>
#include <cstdint>

#include "core/base/isa.h"
#include "core/tensor/float16.h"

namespace viv {

// gates = activations of a + b + bias; c_new and h follow. `b` may be null; `gates` may be `a` or
// `b`, `c_new` may be `c`. In bfloat16 gates and h are stored rounded.
VIV_DECLARE_ISA(void LstmForwardRow(int64_t units, const float* a, const float* b,
                                    const float* bias, const float* c, float* gates, float* c_new,
                                    float* h);)
VIV_DECLARE_ISA(void LstmForwardRowBFloat16(int64_t units, const float* a, const float* b,
                                            const float* bias, const float* c, uint16_t* gates,
                                            float* c_new, uint16_t* h);)
void LstmForwardRow(int64_t units, const double* a, const double* b, const double* bias,
                    const double* c, double* gates, double* c_new, double* h);

// From the gradients of h and of the new cell those of the pre-activations and of the old cell.
// dz may be `gates`, dc_old may be `dc`.
VIV_DECLARE_ISA(void LstmBackwardRow(int64_t units, const float* gates, const float* c,
                                     const float* c_new, const float* dh, const float* dc,
                                     float* dz, float* dc_old);)
VIV_DECLARE_ISA(void LstmBackwardRowBFloat16(int64_t units, const uint16_t* gates, const float* c,
                                             const float* c_new, const float* dh, const float* dc,
                                             uint16_t* dz, float* dc_old);)
void LstmBackwardRow(int64_t units, const double* gates, const double* c, const double* c_new,
                     const double* dh, const double* dc, double* dz, double* dc_old);

// sums[j] += x[0][j] + ... + x[rows - 1][j] for j in [begin, end); rows are `stride` apart.
VIV_DECLARE_ISA(void AddColumns(const float* x, int64_t rows, int64_t stride, int64_t begin,
                                int64_t end, float* sums);)
VIV_DECLARE_ISA(void AddColumnsBFloat16(const uint16_t* x, int64_t rows, int64_t stride,
                                        int64_t begin, int64_t end, float* sums);)
void AddColumns(const double* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                double* sums);

// sums += x.
VIV_DECLARE_ISA(void AddToRow(const float* x, int64_t n, float* sums);)
VIV_DECLARE_ISA(void AddToRowBFloat16(const uint16_t* x, int64_t n, float* sums);)
inline void AddToRow(const float* x, int64_t n, float* sums) { VIV_CALL_ISA(AddToRow)(x, n, sums); }
inline void AddToRow(const BFloat16* x, int64_t n, float* sums) {
  VIV_CALL_ISA(AddToRowBFloat16)(&x->bits, n, sums);
}
inline void AddToRow(const double* x, int64_t n, double* sums) {
  for (int64_t j = 0; j < n; ++j) sums[j] += x[j];
}

inline void LstmForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                           const float* c, float* gates, float* c_new, float* h) {
  VIV_CALL_ISA(LstmForwardRow)(units, a, b, bias, c, gates, c_new, h);
}
inline void LstmForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                           const float* c, BFloat16* gates, float* c_new, BFloat16* h) {
  VIV_CALL_ISA(LstmForwardRowBFloat16)(units, a, b, bias, c, &gates->bits, c_new, &h->bits);
}
inline void LstmBackwardRow(int64_t units, const float* gates, const float* c, const float* c_new,
                            const float* dh, const float* dc, float* dz, float* dc_old) {
  VIV_CALL_ISA(LstmBackwardRow)(units, gates, c, c_new, dh, dc, dz, dc_old);
}
inline void LstmBackwardRow(int64_t units, const BFloat16* gates, const float* c,
                            const float* c_new, const float* dh, const float* dc, BFloat16* dz,
                            float* dc_old) {
  VIV_CALL_ISA(LstmBackwardRowBFloat16)(units, &gates->bits, c, c_new, dh, dc, &dz->bits, dc_old);
}
inline void AddColumns(const float* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                       float* sums) {
  VIV_CALL_ISA(AddColumns)(x, rows, stride, begin, end, sums);
}
inline void AddColumns(const BFloat16* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                       float* sums) {
  VIV_CALL_ISA(AddColumnsBFloat16)(&x->bits, rows, stride, begin, end, sums);
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_LSTM_ROWS_H_
