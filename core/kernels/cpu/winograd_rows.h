// The transforms of Winograd's F(4 x 4, 3 x 3): see winograd.h. All channels of one tile at a time;
// `step` is the distance between two elements of a transformed 6 x 6 tile, row by row.
#ifndef VIV_CORE_KERNELS_CPU_WINOGRAD_ROWS_H_
#define VIV_CORE_KERNELS_CPU_WINOGRAD_ROWS_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

// Behind a convolution: y + shift (null: nothing), then with `relu` max(0, .).
struct WinogradEpilogue {
  const float* shift;
  bool relu;
};

VIV_DECLARE_ISA(
    // Of the 36 pixels of an image that a tile reads, each `channels` numbers.
    void WinogradImage(const float* const* pixels, int64_t channels, float* tile, int64_t step);
    // Of 9 rows of a filter: the elements for one input channel at each place.
    void WinogradFilter(const float* const* rows, const float* factor, int64_t channels,
                        float* tile, int64_t step);
    // From a tile to 16 pixels, of which those that are null lie outside.
    void WinogradResult(const float* tile, int64_t step, int64_t channels,
                        const WinogradEpilogue& epilogue, float* const* pixels);
    // The transpose of WinogradResult: of the gradient in 16 pixels.
    void WinogradResultGradient(const float* const* pixels, int64_t channels, float* tile,
                                int64_t step);
    // That of WinogradFilter, without a factor: to 9 rows.
    void WinogradFilterGradient(const float* tile, int64_t step, int64_t channels,
                                float* const* rows);)

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_WINOGRAD_ROWS_H_
