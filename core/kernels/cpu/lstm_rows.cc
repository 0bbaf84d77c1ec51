// The element-wise halves of an LSTM step in double.
#include "core/kernels/cpu/lstm_rows.h"

namespace viv {
namespace {

double SigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

void LstmForwardRow(int64_t units, const double* a, const double* b, const double* bias,
                    const double* c, double* gates, double* c_new, double* h) {
  for (int64_t j = 0; j < units; ++j) {
    double z[4];
    for (int k = 0; k < 4; ++k) {
      const int64_t at = k * units + j;
      z[k] = a[at] + bias[at] + (b == nullptr ? 0 : b[at]);
      gates[at] = z[k] = k == 2 ? std::tanh(z[k]) : SigmoidOf(z[k]);
    }
    c_new[j] = z[1] * c[j] + z[0] * z[2];
    h[j] = z[3] * std::tanh(c_new[j]);
  }
}

void LstmBackwardRow(int64_t n, const double* gates, const double* c, const double* c_new,
                     const double* dh, const double* dc, double* dz, double* dc_old) {
  for (int64_t j = 0; j < n; ++j) {
    const double i = gates[j], f = gates[n + j], g = gates[2 * n + j], o = gates[3 * n + j];
    const double t = std::tanh(c_new[j]);
    const double s = dc[j] + dh[j] * o * (1 - t * t);
    dz[3 * n + j] = dh[j] * t * o * (1 - o);
    dz[j] = s * g * i * (1 - i);
    dz[n + j] = s * c[j] * f * (1 - f);
    dz[2 * n + j] = s * i * (1 - g * g);
    dc_old[j] = s * f;
  }
}

void AddColumns(const double* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                double* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = begin; j < end; ++j) sums[j] += x[r * stride + j];
  }
}

}  // namespace viv
