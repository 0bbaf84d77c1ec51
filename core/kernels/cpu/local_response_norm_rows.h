// LocalResponseNorm and its gradient for one row, the channels of one place.
#ifndef VIV_CORE_KERNELS_CPU_LOCAL_RESPONSE_NORM_ROWS_H_
#define VIV_CORE_KERNELS_CPU_LOCAL_RESPONSE_NORM_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// s = bias + share times the sum of the squares of the elements up to `half` channels away.
template <typename T>
struct LocalResponse {
  int64_t channels, half;
  T share, beta, bias;
};

VIV_DECLARE_ISA(void LocalResponseRow(const LocalResponse<float>& p, const float* x, float* y);
                // `work` holds a row; dx is neither x nor dy.
                void LocalResponseGradRow(const LocalResponse<float>& p, const float* x,
                                          const float* dy, float* work, float* dx);)

// The loops, for any type of lanes (see channel_lanes.h).

// Calls f<Lanes>(c) for lanes that cover all channels once: single ones near the ends, where
// channels around may lie beyond.
template <typename L, typename One, typename F>
void ForInnerChannels(int64_t channels, int64_t half, F f) {
  int64_t c = 0;
  for (; c < channels && c < half; ++c) f.template operator()<One>(c);
  for (; c + L::kWidth + half <= channels; c += L::kWidth) f.template operator()<L>(c);
  for (; c < channels; ++c) f.template operator()<One>(c);
}

// The sum of f<Lanes>(j) for the channels j around c.
template <typename Lanes, typename T, typename F>
typename Lanes::V SumAround(const LocalResponse<T>& p, int64_t c, F f) {
  const int64_t first = c < p.half ? 0 : c - p.half;
  const int64_t last = c + p.half < p.channels ? c + p.half : p.channels - 1;
  typename Lanes::V sum = Lanes::Splat(0);
  for (int64_t j = first; j <= last; ++j) sum += f(j);
  return sum;
}

template <typename Lanes, typename T>
typename Lanes::V ResponseAround(const LocalResponse<T>& p, const T* x, int64_t c) {
  const auto squares = SumAround<Lanes>(p, c, [&](int64_t j) {
    const typename Lanes::V v = Lanes::Load(x + j);
    return v * v;
  });
  return squares * p.share + p.bias;
}

template <typename L, typename One, typename T>
void LocalResponseLoop(const LocalResponse<T> p, const T* x, T* y) {
  ForInnerChannels<L, One>(p.channels, p.half, [&]<typename Lanes>(int64_t c) {
    const typename Lanes::V s = ResponseAround<Lanes>(p, x, c);
    Lanes::Store(y + c, Lanes::Load(x + c) * Lanes::InversePower(s, p.beta));
  });
}

template <typename L, typename One, typename T>
void LocalResponseGradLoop(const LocalResponse<T> p, const T* x, const T* dy, T* work, T* dx) {
  ForInnerChannels<L, One>(p.channels, p.half, [&]<typename Lanes>(int64_t c) {
    const typename Lanes::V s = ResponseAround<Lanes>(p, x, c);
    const typename Lanes::V direct = Lanes::Load(dy + c) * Lanes::InversePower(s, p.beta);
    Lanes::Store(dx + c, direct);
    Lanes::Store(work + c, direct * Lanes::Load(x + c) / s);
  });
  const T factor = 2 * p.share * p.beta;
  ForInnerChannels<L, One>(p.channels, p.half, [&]<typename Lanes>(int64_t c) {
    const auto sum = SumAround<Lanes>(p, c, [&](int64_t j) { return Lanes::Load(work + j); });
    Lanes::Store(dx + c, Lanes::Load(dx + c) - Lanes::Load(x + c) * sum * factor);
  });
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_LOCAL_RESPONSE_NORM_ROWS_H_
