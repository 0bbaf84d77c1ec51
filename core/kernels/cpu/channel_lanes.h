// How loops over channels are cut into lanes: a type L stands for values V of kWidth numbers that
// it loads and stores, `One` for single ones. Vectors of the *_isa.cc files, or numbers.
#ifndef VIV_CORE_KERNELS_CPU_CHANNEL_LANES_H_
#define VIV_CORE_KERNELS_CPU_CHANNEL_LANES_H_

#include <cstdint>

#include "core/tensor/float16.h"

namespace viv {

// Calls f<Lanes>(channel) for lanes that together cover all channels; the last ones may overlap
// those before.
template <typename L, typename One, typename F>
void ForChannels(int64_t channels, F f) {
  if (channels < L::kWidth) {
    for (int64_t c = 0; c < channels; ++c) f.template operator()<One>(c);
    return;
  }
  int64_t c = 0;
  for (; c + L::kWidth <= channels; c += L::kWidth) f.template operator()<L>(c);
  if (c < channels) f.template operator()<L>(channels - L::kWidth);
}

// Stores f<Lanes>(channel) for each channel at `out`, which may be what f reads: the overlapping
// last lanes are computed before the first are stored.
template <typename L, typename One, typename T, typename F>
void TransformChannels(int64_t channels, T* out, F f) {
  if (channels < L::kWidth) {
    for (int64_t c = 0; c < channels; ++c) One::Store(out + c, f.template operator()<One>(c));
    return;
  }
  const int64_t last = channels - L::kWidth;
  const typename L::V end = f.template operator()<L>(last);
  for (int64_t c = 0; c < last; c += L::kWidth) L::Store(out + c, f.template operator()<L>(c));
  L::Store(out + last, end);
}

// Memory as the *_isa.cc files see it: bfloat16 by its bits.
inline const float* AsBits(const float* p) { return p; }
inline float* AsBits(float* p) { return p; }
inline const uint16_t* AsBits(const BFloat16* p) { return &p->bits; }
inline uint16_t* AsBits(BFloat16* p) { return &p->bits; }

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_CHANNEL_LANES_H_
