// How a convolution of fixed shapes is computed: what kernels see of the ways to do it.
#ifndef VIV_CORE_KERNELS_CPU_CONVOLUTION_PLAN_H_
#define VIV_CORE_KERNELS_CPU_CONVOLUTION_PLAN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "core/device/kernel.h"
#include "core/kernels/cpu/convolution.h"
#include "core/tensor/dtype.h"

namespace viv {

// Which of x, filter and y is computed of the other two.
enum class ConvResult { kOutput, kInput, kFilter };

// What is done to y where it is computed: each channel gets a factor and a shift, then ReLU. The
// factor is put into the filters when they are packed.
struct ConvEpilogue {
  bool factor = false, shift = false, relu = false;
};

// x and y are of the type that the convolution was made for, all else is float.
struct ConvOperands {
  const void* x = nullptr;
  const void* filter = nullptr;
  const void* y = nullptr;
  // Of the filter, where it is an operand: packed once for each, and for each factor.
  ValueVersion filter_version;
  // [k] each, where the epilogue has them.
  const float* factor = nullptr;
  const float* shift = nullptr;
};

// Of a kernel whose inputs are x, filter, shift and perhaps factor.
ConvOperands FusedConvOperands(const KernelContext& c);

// Safe for concurrent use.
class ConvPlan {
 public:
  virtual ~ConvPlan() = default;
  virtual size_t scratch_bytes() const = 0;
  // Computes the result. `scratch`: aligned to a cache line. Parallel inside.
  virtual absl::Status Run(const ConvOperands& operands, void* scratch) const = 0;
};

// The way that suits the shapes; of a geometry that is not empty. `dtype`: kFloat or kBFloat16.
absl::StatusOr<std::unique_ptr<ConvPlan>> MakeConvPlan(const ConvGeometry& geometry,
                                                       ConvResult result, DType dtype,
                                                       ConvEpilogue epilogue = {});

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_CONVOLUTION_PLAN_H_
