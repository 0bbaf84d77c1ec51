// The choice between the ways to compute convolutions, and what kernels give them.
#include "core/kernels/cpu/convolution_plan.h"

#include "core/kernels/cpu/onednn_convolution.h"
#include "core/kernels/cpu/winograd.h"

namespace viv {

ConvOperands FusedConvOperands(const KernelContext& c) {
  return {.x = c.input(0).raw(),
          .filter = c.input(1).raw(),
          .y = c.output(0).raw(),
          .filter_version = c.input_version(1),
          .factor = c.num_inputs() > 3 ? c.in<float>(3) : nullptr,
          .shift = c.in<float>(2)};
}

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
