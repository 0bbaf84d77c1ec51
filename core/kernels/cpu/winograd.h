// Convolutions of float images with 3 x 3 filters by fewer products, F(4 x 4, 3 x 3) of A. Lavin,
// S. Gray, "Fast algorithms for convolutional neural networks", 2016: 36 products make 4 x 4
// pixels where 144 would. With d the 6 x 6 pixels that a tile reads, g the filter and G, B, A the
// paper's matrices,
//   y = A^T [(G g G^T) * (B^T d B)] A,
// so that each of the 36 elements is a product of matrices, [tiles, C] by [C, K]. The gradient in
// the image is such a convolution with the filter turned round; that in the filter is
//   G^T [(A dy A^T) * (B^T d B)] G, summed over the tiles.
// What is rounded on the way makes results about five times less exact than the sum of products.
#ifndef VIV_CORE_KERNELS_CPU_WINOGRAD_H_
#define VIV_CORE_KERNELS_CPU_WINOGRAD_H_

#include <memory>

#include "core/kernels/cpu/convolution_plan.h"

namespace viv {

// Whether it is the faster way: a rule, no measurement, so that a shape always gives the same bits.
// `filter_stays`: in training filters change from run to run, in inference they do not.
bool WinogradSuits(const ConvGeometry& geometry, ConvResult result, bool filter_stays);

// Of 3 x 3 filters with strides and dilations of 1, in one group.
std::unique_ptr<ConvPlan> MakeWinograd(const ConvGeometry& geometry, ConvResult result,
                                       ConvEpilogue epilogue);

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_WINOGRAD_H_
