// The element-wise halves of a GRU step in double.
#include "core/kernels/cpu/gru_rows.h"

namespace viv {
namespace {

double SigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

void GruForwardRow(int64_t units, const double* a, const double* b, const double* bias,
                   const double* h, double* gates, double* h_new) {
  const int64_t u = units;
  for (int64_t j = 0; j < u; ++j) {
    const double r = SigmoidOf(a[j] + b[j] + bias[j]);
    const double z = SigmoidOf(a[u + j] + b[u + j] + bias[u + j]);
    const double q = b[2 * u + j] + bias[3 * u + j];
    const double n = std::tanh(a[2 * u + j] + bias[2 * u + j] + r * q);
    gates[j] = r;
    gates[u + j] = z;
    gates[2 * u + j] = n;
    gates[3 * u + j] = q;
    h_new[j] = n + z * (h[j] - n);
  }
}

void GruBackwardRow(int64_t units, const double* gates, const double* h, const double* dh,
                    double* d_gates, double* dh_old) {
  const int64_t u = units;
  for (int64_t j = 0; j < u; ++j) {
    const double r = gates[j], z = gates[u + j], n = gates[2 * u + j], q = gates[3 * u + j];
    const double dn = dh[j] * (1 - z) * (1 - n * n);
    d_gates[j] = dn * q * r * (1 - r);
    d_gates[u + j] = dh[j] * (h[j] - n) * z * (1 - z);
    d_gates[2 * u + j] = dn;
    d_gates[3 * u + j] = dn * r;
    dh_old[j] = dh[j] * z;
  }
}

}  // namespace viv
