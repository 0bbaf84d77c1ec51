// The choice between the ways to compute convolutions.
#include "core/kernels/cpu/convolution_plan.h"

#include "core/kernels/cpu/onednn_convolution.h"
#include "core/kernels/cpu/winograd.h"

namespace viv {

absl::StatusOr<std::unique_ptr<ConvPlan>> MakeConvPlan(const ConvGeometry& geometry,
                                                       ConvResult result, DType dtype,
                                                       ConvEpilogue epilogue) {
  // A factor is what batch norm becomes in inference.
  if (dtype == kFloat && WinogradSuits(geometry, result, /*filter_stays=*/epilogue.factor)) {
    return MakeWinograd(geometry, result, epilogue);
  }
  return MakeOnednnPlan(geometry, result, dtype, epilogue);
}

}  // namespace viv
