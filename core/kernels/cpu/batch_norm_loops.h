// The loops of BatchNorm, for any type of lanes (see channel_lanes.h). T: the elements in memory;
// W: what belongs to a channel. Parameters are taken by value: stores cannot change them.
#ifndef VIV_CORE_KERNELS_CPU_BATCH_NORM_LOOPS_H_
#define VIV_CORE_KERNELS_CPU_BATCH_NORM_LOOPS_H_

#include "core/kernels/cpu/batch_norm_rows.h"
#include "core/kernels/cpu/channel_lanes.h"

namespace viv {

template <typename L, typename One, typename T, typename W>
void ChannelSumsLoop(const T* x, int64_t rows, int64_t channels, W* sum) {
  ForChannels<L, One>(channels, [&]<typename Lanes>(int64_t c) {
    typename Lanes::V total = Lanes::Splat(0);
    for (int64_t r = 0; r < rows; ++r) total += Lanes::Load(x + r * channels + c);
    Lanes::Store(sum + c, total);
  });
}

template <typename L, typename One, typename T, typename W>
void ChannelSquaresLoop(const T* x, const W* mean, int64_t rows, int64_t channels, W* rest,
                        W* squares) {
  ForChannels<L, One>(channels, [&]<typename Lanes>(int64_t c) {
    const typename Lanes::V m = Lanes::Load(mean + c);
    typename Lanes::V sum = Lanes::Splat(0), total = Lanes::Splat(0);
    for (int64_t r = 0; r < rows; ++r) {
      const typename Lanes::V d = Lanes::Load(x + r * channels + c) - m;
      sum += d;
      total += d * d;
    }
    Lanes::Store(rest + c, sum);
    Lanes::Store(squares + c, total);
  });
}

template <typename L, typename One, typename T, typename W>
void ChannelTransformLoop(const T* x, ChannelTransform<W> t, int64_t rows, int64_t channels, T* y) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* in = x + r * channels;
    TransformChannels<L, One>(channels, y + r * channels, [&]<typename Lanes>(int64_t c) {
      const typename Lanes::V value =
          (Lanes::Load(in + c) - Lanes::Load(t.mean + c)) * Lanes::Load(t.factor + c) +
          Lanes::Load(t.offset + c);
      return t.relu ? Lanes::Relu(value) : value;
    });
  }
}

// dy at channel c, 0 where relu cut y off; `centred` is x - mean.
template <typename Lanes, typename T, typename W>
typename Lanes::V PassedGradient(const T* dy, typename Lanes::V centred,
                                 const ChannelTransform<W>& t, int64_t c) {
  const typename Lanes::V g = Lanes::Load(dy + c);
  if (!t.relu) return g;
  return Lanes::WherePositive(centred * Lanes::Load(t.factor + c) + Lanes::Load(t.offset + c), g);
}

template <typename L, typename One, typename T, typename W>
void ChannelGradSumsLoop(const T* x, const T* dy, ChannelTransform<W> t, int64_t rows,
                         int64_t channels, W* sum, W* product) {
  ForChannels<L, One>(channels, [&]<typename Lanes>(int64_t c) {
    const typename Lanes::V mean = Lanes::Load(t.mean + c);
    typename Lanes::V sums = Lanes::Splat(0), products = Lanes::Splat(0);
    for (int64_t r = 0; r < rows; ++r) {
      const typename Lanes::V centred = Lanes::Load(x + r * channels + c) - mean;
      const typename Lanes::V g = PassedGradient<Lanes>(dy + r * channels, centred, t, c);
      sums += g;
      products += g * centred;
    }
    Lanes::Store(sum + c, sums);
    Lanes::Store(product + c, products);
  });
}

template <typename L, typename One, typename T, typename W>
void ChannelGradLoop(const T* x, const T* dy, ChannelGradient<W> g, int64_t rows, int64_t channels,
                     T* dx) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *in = x + r * channels, *grad = dy + r * channels;
    TransformChannels<L, One>(channels, dx + r * channels, [&]<typename Lanes>(int64_t c) {
      const typename Lanes::V centred = Lanes::Load(in + c) - Lanes::Load(g.forward.mean + c);
      const typename Lanes::V passed = PassedGradient<Lanes>(grad, centred, g.forward, c);
      return (passed - Lanes::Load(g.mean_dy + c) - centred * Lanes::Load(g.slope + c)) *
             Lanes::Load(g.forward.factor + c);
    });
  }
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_BATCH_NORM_LOOPS_H_
