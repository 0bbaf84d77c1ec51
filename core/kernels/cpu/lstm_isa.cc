// The element-wise halves of an LSTM step in float; G: how gates and h are stored, as floats or as
// the bits of bfloat16.
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

template <typename G>
struct ForwardRow {
  const float *a, *b, *bias, *c;
  G* gates;
  float* c_new;
  G* h;
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
    StoreOne(gates + j, i);
    StoreOne(gates + units + j, f);
    StoreOne(gates + 2 * units + j, g);
    StoreOne(gates + 3 * units + j, o);
    c_new[j] = cell;
    StoreOne(h + j, o * Tanh(Splat(cell))[0]);
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

template <typename G>
void Forward(int64_t units, const float* a, const float* b, const float* bias, const float* c,
             G* gates, float* c_new, G* h) {
  const ForwardRow<G> row{a, b, bias, c, gates, c_new, h, units};
  int64_t j = 0;
  if (b == nullptr) {
    for (; j + kLanes <= units; j += kLanes) row.template Block<false>(j);
  } else {
    for (; j + kLanes <= units; j += kLanes) row.template Block<true>(j);
  }
  for (; j < units; ++j) row.One(j);
}

template <typename G>
void Backward(int64_t n, const G* gates, const float* c, const float* c_new, const float* dh,
              const float* dc, G* dz, float* dc_old) {
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
    const Slopes<float> d(LoadOne(gates + j), LoadOne(gates + n + j), LoadOne(gates + 2 * n + j),
                          LoadOne(gates + 3 * n + j), c[j], Tanh(Splat(c_new[j]))[0], dh[j], dc[j]);
    StoreOne(dz + j, d.di);
    StoreOne(dz + n + j, d.df);
    StoreOne(dz + 2 * n + j, d.dg);
    StoreOne(dz + 3 * n + j, d.d_o);
    dc_old[j] = d.dc_old;
  }
}

template <typename G>
void Columns(const G* x, int64_t rows, int64_t stride, int64_t begin, int64_t end, float* sums) {
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
    for (int64_t r = 0; r < rows; ++r) s += LoadOne(x + r * stride + j);
    sums[j] += s;
  }
}

}  // namespace

void LstmForwardRow(int64_t units, const float* a, const float* b, const float* bias,
                    const float* c, float* gates, float* c_new, float* h) {
  Forward(units, a, b, bias, c, gates, c_new, h);
}
void LstmForwardRowBFloat16(int64_t units, const float* a, const float* b, const float* bias,
                            const float* c, uint16_t* gates, float* c_new, uint16_t* h) {
  Forward(units, a, b, bias, c, gates, c_new, h);
}

void LstmBackwardRow(int64_t n, const float* gates, const float* c, const float* c_new,
                     const float* dh, const float* dc, float* dz, float* dc_old) {
  Backward(n, gates, c, c_new, dh, dc, dz, dc_old);
}
void LstmBackwardRowBFloat16(int64_t n, const uint16_t* gates, const float* c, const float* c_new,
                             const float* dh, const float* dc, uint16_t* dz, float* dc_old) {
  Backward(n, gates, c, c_new, dh, dc, dz, dc_old);
}

void AddColumns(const float* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                float* sums) {
  Columns(x, rows, stride, begin, end, sums);
}
void AddColumnsBFloat16(const uint16_t* x, int64_t rows, int64_t stride, int64_t begin, int64_t end,
                        float* sums) {
  Columns(x, rows, stride, begin, end, sums);
}

void AddToRow(const float* x, int64_t n, float* sums) {
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) Store(sums + j, Load(sums + j) + Load(x + j));
  for (; j < n; ++j) sums[j] += x[j];
}
void AddToRowBFloat16(const uint16_t* x, int64_t n, float* sums) {
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) Store(sums + j, Load(sums + j) + Load(x + j));
  for (; j < n; ++j) sums[j] += LoadOne(x + j);
}

}  // namespace viv::VIV_ISA
