// The loops of augment.cc, in integers, so that all machines give the same bits.
#ifndef VIV_MODELS_VISION_AUGMENT_ROWS_H_
#define VIV_MODELS_VISION_AUGMENT_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// Factors of colours are multiples of 2^-12, shares of mixed photos of 2^-14.
inline constexpr int kColourBits = 12;
inline constexpr int kShareBits = 14;

VIV_DECLARE_ISA(
    // The sum of the brightness, 0 to 255, of n pixels [n, 3].
    int64_t SumOfGrey(const uint8_t* pixels, int64_t n);
    // Each channel of n pixels becomes (own x itself + grey x the pixel's brightness + shift) /
    // 2^12, rounded down and cut to 0 to 255.
    void ChangePixels(int32_t own, int32_t grey, int32_t shift, int64_t n, uint8_t* pixels);
    // to[i] = share x a[i] + (1 - share) x b[i], rounded; `share` is a number of 2^-14.
    void MixValues(const uint8_t* a, const uint8_t* b, int32_t share, int64_t n, uint8_t* to);)

}  // namespace viv

#endif  // VIV_MODELS_VISION_AUGMENT_ROWS_H_
