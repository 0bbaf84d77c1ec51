// The transforms of Winograd's convolutions. Each is a product m x m^T with a small constant matrix
// m, from the left and then from the right, for as many channels at a time as a vector has lanes.
#include "core/kernels/cpu/channel_lanes.h"
#include "core/kernels/cpu/simd.h"
#include "core/kernels/cpu/winograd_rows.h"

namespace viv::VIV_ISA {
namespace {

struct Wide {
  using V = Vec;
  static constexpr int64_t kWidth = kLanes;
  static Vec Load(const float* p) { return VIV_ISA::Load(p); }
  static void Store(float* p, Vec v) { VIV_ISA::Store(p, v); }
  static Vec Relu(Vec v) { return Max(Vec{}, v); }
};
struct One {
  using V = float;
  static float Load(const float* p) { return *p; }
  static void Store(float* p, float v) { *p = v; }
  static float Relu(float v) { return v < 0 ? 0 : v; }
};

// The matrices, by what they make of a column x.

// B^T of the paper.
struct ImageMatrix {
  static constexpr int kIn = 6, kOut = 6;
  template <typename V>
  static void Apply(const V* x, V* y) {
    const V a = x[4] - 4.0f * x[2], b = x[3] - 4.0f * x[1];
    const V c = x[4] - x[2], d = 2.0f * (x[3] - x[1]);
    y[0] = 4.0f * x[0] - 5.0f * x[2] + x[4];
    y[1] = a + b;
    y[2] = a - b;
    y[3] = c + d;
    y[4] = c - d;
    y[5] = 4.0f * x[1] - 5.0f * x[3] + x[5];
  }
};
// G.
struct FilterMatrix {
  static constexpr int kIn = 3, kOut = 6;
  template <typename V>
  static void Apply(const V* x, V* y) {
    const V a = (x[0] + x[2]) * (-1 / 6.0f), b = x[1] * (-1 / 6.0f);
    const V c = x[0] * (1 / 24.0f) + x[2] * (1 / 6.0f), d = x[1] * (1 / 12.0f);
    y[0] = x[0] * 0.25f;
    y[1] = a + b;
    y[2] = a - b;
    y[3] = c + d;
    y[4] = c - d;
    y[5] = x[2];
  }
};
// A^T.
struct ResultMatrix {
  static constexpr int kIn = 6, kOut = 4;
  template <typename V>
  static void Apply(const V* x, V* y) {
    const V a = x[1] + x[2], b = x[1] - x[2], c = x[3] + x[4], d = x[3] - x[4];
    y[0] = x[0] + a + c;
    y[1] = b + 2.0f * d;
    y[2] = a + 4.0f * c;
    y[3] = b + 8.0f * d + x[5];
  }
};
// A.
struct ResultGradientMatrix {
  static constexpr int kIn = 4, kOut = 6;
  template <typename V>
  static void Apply(const V* x, V* y) {
    const V a = x[0] + x[2], b = x[1] + x[3];
    const V c = x[0] + 4.0f * x[2], d = 2.0f * x[1] + 8.0f * x[3];
    y[0] = x[0];
    y[1] = a + b;
    y[2] = a - b;
    y[3] = c + d;
    y[4] = c - d;
    y[5] = x[3];
  }
};
// G^T.
struct FilterGradientMatrix {
  static constexpr int kIn = 6, kOut = 3;
  template <typename V>
  static void Apply(const V* x, V* y) {
    const V a = (x[1] + x[2]) * (-1 / 6.0f), b = x[3] + x[4];
    y[0] = x[0] * 0.25f + a + b * (1 / 24.0f);
    y[1] = (x[2] - x[1]) * (1 / 6.0f) + (x[3] - x[4]) * (1 / 12.0f);
    y[2] = a + b * (1 / 6.0f) + x[5];
  }
};

// m x m^T: `load` gives elements of x by number, row by row, `store` takes those of the result.
template <typename M, typename V, typename Load, typename Store>
inline __attribute__((always_inline)) void Both(Load load, Store store) {
  V half[M::kIn][M::kOut];
#pragma GCC unroll 6
  for (int j = 0; j < M::kIn; ++j) {
    V x[M::kIn];
#pragma GCC unroll 6
    for (int i = 0; i < M::kIn; ++i) x[i] = load(i * M::kIn + j);
    M::Apply(x, half[j]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < M::kOut; ++i) {
    V x[M::kIn], y[M::kOut];
#pragma GCC unroll 6
    for (int j = 0; j < M::kIn; ++j) x[j] = half[j][i];
    M::Apply(x, y);
#pragma GCC unroll 6
    for (int j = 0; j < M::kOut; ++j) store(i * M::kOut + j, y[j]);
  }
}

}  // namespace

void WinogradImage(const float* const* pixels, int64_t channels, float* tile, int64_t step) {
  ForChannels<Wide, One>(channels, [&]<typename Lanes>(int64_t c) {
    using V = typename Lanes::V;
    Both<ImageMatrix, V>([&](int i) { return Lanes::Load(pixels[i] + c); },
                         [&](int i, V v) { Lanes::Store(tile + i * step + c, v); });
  });
}

void WinogradFilter(const float* const* rows, const float* factor, int64_t channels, float* tile,
                    int64_t step) {
  ForChannels<Wide, One>(channels, [&]<typename Lanes>(int64_t c) {
    using V = typename Lanes::V;
    Both<FilterMatrix, V>(
        [&](int i) {
          const V v = Lanes::Load(rows[i] + c);
          return factor == nullptr ? v : v * Lanes::Load(factor + c);
        },
        [&](int i, V v) { Lanes::Store(tile + i * step + c, v); });
  });
}

void WinogradResult(const float* tile, int64_t step, int64_t channels,
                    const WinogradEpilogue& epilogue, float* const* pixels) {
  const float* shift = epilogue.shift;
  const bool relu = epilogue.relu;
  ForChannels<Wide, One>(channels, [&]<typename Lanes>(int64_t c) {
    using V = typename Lanes::V;
    Both<ResultMatrix, V>([&](int i) { return Lanes::Load(tile + i * step + c); },
                          [&](int i, V v) {
                            if (pixels[i] == nullptr) return;
                            if (shift != nullptr) v += Lanes::Load(shift + c);
                            Lanes::Store(pixels[i] + c, relu ? Lanes::Relu(v) : v);
                          });
  });
}

void WinogradResultGradient(const float* const* pixels, int64_t channels, float* tile,
                            int64_t step) {
  ForChannels<Wide, One>(channels, [&]<typename Lanes>(int64_t c) {
    using V = typename Lanes::V;
    Both<ResultGradientMatrix, V>([&](int i) { return Lanes::Load(pixels[i] + c); },
                                  [&](int i, V v) { Lanes::Store(tile + i * step + c, v); });
  });
}

void WinogradFilterGradient(const float* tile, int64_t step, int64_t channels, float* const* rows) {
  ForChannels<Wide, One>(channels, [&]<typename Lanes>(int64_t c) {
    using V = typename Lanes::V;
    Both<FilterGradientMatrix, V>([&](int i) { return Lanes::Load(tile + i * step + c); },
                                  [&](int i, V v) { Lanes::Store(rows[i] + c, v); });
  });
}

}  // namespace viv::VIV_ISA
