// The element-wise halves of an LSTM step in float.
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

struct ForwardRow {
  const float *a, *b, *bias, *c;
  float *gates, *c_new, *h;
  int64_t units;

  template <bool kTwo>
  Vec Sum(int64_t j) const {
    const Vec sum = Load(a + j) + Load(bias + j);
    return kTwo ? sum + Load(b + j) : sum;
  }
  float SumOne(int64_t j) const { return a[j] + bias[j] + (b == nullptr ? 0 : b[j]); }

  template <bool kTwo>
  void Block(int64_t j) const {
    const Vec i = Sigmoid(Sum<kTwo>(j)), f = Sigmoid(Sum<kTwo>(units + j));
    const Vec g = Tanh(Sum<kTwo>(2 * units + j)), o = Sigmoid(Sum<kTwo>(3 * units + j));
    const Vec cell = f * Load(c + j) + i * g;
    Store(gates + j, i);
    Store(gates + units + j, f);
    Store(gates + 2 * units + j, g);
    Store(gates + 3 * units + j, o);
    Store(c_new + j, cell);
    Store(h + j, o * Tanh(cell));
  }
  // One unit in the first lane: the same arithmetic as in a block.
  void One(int64_t j) const {
    const float i = Sigmoid(Splat(SumOne(j)))[0], f = Sigmoid(Splat(SumOne(units + j)))[0];
    const float g = Tanh(Splat(SumOne(2 * units + j)))[0];
    const float o = Sigmoid(Splat(SumOne(3 * units + j)))[0];
    const float cell = f * c[j] + i * g;
    gates[j] = i;
    gates[units + j] = f;
    gates[2 * units + j] = g;
    gates[3 * units + j] = o;
    c_new[j] = cell;
    h[j] = o * Tanh(Splat(cell))[0];
  }
};

// V: a vector of units or a single one.
template <typename V>
struct Slopes {
  V di, df, dg, d_o, dc_old;
  Slopes(V i, V f, V g, V o, V c, V t, V dh, V dc) {
    const V s = dc + dh * o * (1.0f - t * t);
    di = s * g * i * (1.0f - i);
    df = s * c * f * (1.0f - f);
    dg = s * i * (1.0f - g * g);
    d_o = dh * t * o * (1.0f - o);
    dc_old = s * f;
  }
};

}  // namespace

void LstmForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                    const float* c, float* gates, float* c_new, float* h) {
  const ForwardRow row{a, b, bias, c, gates, c_new, h, units};
  int64_t j = 0;
  if (b == nullptr) {
    for (; j + kLanes <= units; j += kLanes) row.Block<false>(j);
  } else {
    for (; j + kLanes <= units; j += kLanes) row.Block<true>(j);
  }
  for (; j < units; ++j) row.One(j);
}

void LstmBackwardRow(int64_t n, const float* gates, const float* c, const float* c_new,
                     const float* dh, const float* dc, float* dz, float* dc_old) {
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    const Slopes<Vec> d(Load(gates + j), Load(gates + n + j), Load(gates + 2 * n + j),
                        Load(gates + 3 * n + j), Load(c + j), Tanh(Load(c_new + j)), Load(dh + j),
                        Load(dc + j));
    Store(dz + j, d.di);
    Store(dz + n + j, d.df);
    Store(dz + 2 * n + j, d.dg);
    Store(dz + 3 * n + j, d.d_o);
    Store(dc_old + j, d.dc_old);
  }
  for (; j < n; ++j) {
    const Slopes<float> d(gates[j], gates[n + j], gates[2 * n + j], gates[3 * n + j], c[j],
                          Tanh(Splat(c_new[j]))[0], dh[j], dc[j]);
    dz[j] = d.di;
    dz[n + j] = d.df;
    dz[2 * n + j] = d.dg;
    dz[3 * n + j] = d.d_o;
    dc_old[j] = d.dc_old;
  }
}

void AddColumns(const float* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                float* sums) {
  int64_t j = begin;
  for (; j + 4 * kLanes <= end; j += 4 * kLanes) {
    Vec s[4] = {};
    for (int64_t r = 0; r < rows; ++r) {
      for (int k = 0; k < 4; ++k) s[k] += Load(x + r * stride + j + k * kLanes);
    }
    for (int k = 0; k < 4; ++k) Store(sums + j + k * kLanes, Load(sums + j + k * kLanes) + s[k]);
  }
  for (; j < end; ++j) {
    float s = 0;
    for (int64_t r = 0; r < rows; ++r) s += x[r * stride + j];
    sums[j] += s;
  }
}

}  // namespace viv::VIV_ISA
