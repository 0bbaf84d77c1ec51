// The element-wise halves of a GRU step in float; G: how gates are stored, as floats or as the bits
// of bfloat16.
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// V: a vector of units or a single one.
template <typename V>
struct Slopes {
  V dr, dz, dn, dq, dh_old;
  Slopes(V r, V z, V n, V q, V h, V dh) {
    dn = dh * (1.0f - z) * (1.0f - n * n);
    dr = dn * q * r * (1.0f - r);
    dz = dh * (h - n) * z * (1.0f - z);
    dq = dn * r;
    dh_old = dh * z;
  }
};

template <typename G>
void Forward(int64_t units, const float* a, const float* b, const float* bias, const float* h,
             G* gates, float* h_new) {
  const int64_t u = units;
  int64_t j = 0;
  const auto sum = [&](int64_t at) { return Load(a + at) + Load(b + at) + Load(bias + at); };
  for (; j + kLanes <= u; j += kLanes) {
    const Vec r = Sigmoid(sum(j)), z = Sigmoid(sum(u + j));
    const Vec q = Load(b + 2 * u + j) + Load(bias + 3 * u + j);
    const Vec n = Tanh(Load(a + 2 * u + j) + Load(bias + 2 * u + j) + r * q);
    Store(gates + j, r);
    Store(gates + u + j, z);
    Store(gates + 2 * u + j, n);
    Store(gates + 3 * u + j, q);
    Store(h_new + j, n + z * (Load(h + j) - n));
  }
  for (; j < u; ++j) {
    const float r = Sigmoid(Splat(a[j] + b[j] + bias[j]))[0];
    const float z = Sigmoid(Splat(a[u + j] + b[u + j] + bias[u + j]))[0];
    const float q = b[2 * u + j] + bias[3 * u + j];
    const float n = Tanh(Splat(a[2 * u + j] + bias[2 * u + j] + r * q))[0];
    StoreOne(gates + j, r);
    StoreOne(gates + u + j, z);
    StoreOne(gates + 2 * u + j, n);
    StoreOne(gates + 3 * u + j, q);
    h_new[j] = n + z * (h[j] - n);
  }
}

template <typename G>
void Backward(int64_t units, const G* gates, const G* h, const float* dh, G* d_gates,
              float* dh_old) {
  const int64_t u = units;
  int64_t j = 0;
  for (; j + kLanes <= u; j += kLanes) {
    const Slopes<Vec> d(Load(gates + j), Load(gates + u + j), Load(gates + 2 * u + j),
                        Load(gates + 3 * u + j), Load(h + j), Load(dh + j));
    Store(d_gates + j, d.dr);
    Store(d_gates + u + j, d.dz);
    Store(d_gates + 2 * u + j, d.dn);
    Store(d_gates + 3 * u + j, d.dq);
    Store(dh_old + j, d.dh_old);
  }
  for (; j < u; ++j) {
    const Slopes<float> d(LoadOne(gates + j), LoadOne(gates + u + j), LoadOne(gates + 2 * u + j),
                          LoadOne(gates + 3 * u + j), LoadOne(h + j), dh[j]);
    StoreOne(d_gates + j, d.dr);
    StoreOne(d_gates + u + j, d.dz);
    StoreOne(d_gates + 2 * u + j, d.dn);
    StoreOne(d_gates + 3 * u + j, d.dq);
    dh_old[j] = d.dh_old;
  }
}

}  // namespace

void GruForwardRow(int64_t units, const float* a, const float* b, const float* bias, const float* h,
                   float* gates, float* h_new) {
  Forward(units, a, b, bias, h, gates, h_new);
}
void GruForwardRowBFloat16(int64_t units, const float* a, const float* b, const float* bias,
                           const float* h, uint16_t* gates, float* h_new) {
  Forward(units, a, b, bias, h, gates, h_new);
}

void GruBackwardRow(int64_t units, const float* gates, const float* h, const float* dh,
                    float* d_gates, float* dh_old) {
  Backward(units, gates, h, dh, d_gates, dh_old);
}
void GruBackwardRowBFloat16(int64_t units, const uint16_t* gates, const uint16_t* h,
                            const float* dh, uint16_t* d_gates, float* dh_old) {
  Backward(units, gates, h, dh, d_gates, dh_old);
}

}  // namespace viv::VIV_ISA
