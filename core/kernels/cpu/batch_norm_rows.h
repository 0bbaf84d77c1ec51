// Parts of BatchNorm over consecutive rows of `channels` elements. Floats, and bfloat16 given by
// its bits; what belongs to a channel is float.
#ifndef VIV_CORE_KERNELS_CPU_BATCH_NORM_ROWS_H_
#define VIV_CORE_KERNELS_CPU_BATCH_NORM_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// y = (x - mean) factor + offset, with factor = scale / sqrt(variance + epsilon).
template <typename W>
struct ChannelTransform {
  const W *mean, *factor, *offset;
  bool relu;  // max(0, .) of that
};
// dx = (dy - mean_dy - (x - mean) slope) factor; dy counts as 0 where relu cut y off.
template <typename W>
struct ChannelGradient {
  ChannelTransform<W> forward;
  const W *mean_dy, *slope;
};

// ChannelSums: the sums of x. ChannelSquares: those of x - mean, where `mean` may be a little off,
// and of its square. ChannelTransformRows: y may be x. ChannelGradSums: the sums of dy and of
// dy (x - mean). ChannelGradRows: dx may be x or dy.
#define VIV_DECLARE_BATCH_NORM(T, suffix)                                                        \
  VIV_DECLARE_ISA(                                                                               \
      void ChannelSums##suffix(const T* x, int64_t rows, int64_t channels, float* sum);          \
      void ChannelSquares##suffix(const T* x, const float* mean, int64_t rows, int64_t channels, \
                                  float* rest, float* squares);                                  \
      void ChannelTransformRows##suffix(const T* x, const ChannelTransform<float>& t,            \
                                        int64_t rows, int64_t channels, T* y);                   \
      void ChannelGradSums##suffix(const T* x, const T* dy, const ChannelTransform<float>& t,    \
                                   int64_t rows, int64_t channels, float* sum, float* product);  \
      void ChannelGradRows##suffix(const T* x, const T* dy, const ChannelGradient<float>& g,     \
                                   int64_t rows, int64_t channels, T* dx);)
VIV_DECLARE_BATCH_NORM(float, Float)
VIV_DECLARE_BATCH_NORM(uint16_t, BFloat16)
#undef VIV_DECLARE_BATCH_NORM

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_BATCH_NORM_ROWS_H_
