// Convolutions of fixed shapes in float and bfloat16, by oneDNN: images lie in memory as [N, H, W,
// C], filters in whatever form the implementation likes best.
#ifndef VIV_CORE_KERNELS_CPU_ONEDNN_CONVOLUTION_H_
#define VIV_CORE_KERNELS_CPU_ONEDNN_CONVOLUTION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/kernels/cpu/convolution_plan.h"
#include "core/kernels/cpu/onednn.h"

namespace viv {

// Made for as many threads as the calling thread may use. Safe for concurrent use.
class OnednnConvolution : public ConvPlan {
 public:
  // `dtype`: kFloat or kBFloat16. A machine without bfloat16 instructions computes in float.
  static absl::StatusOr<std::unique_ptr<OnednnConvolution>> Create(const ConvGeometry& geometry,
                                                                   ConvResult result, DType dtype,
                                                                   ConvEpilogue epilogue = {});

  size_t scratch_bytes() const override { return scratch_bytes_; }
  absl::Status Run(const ConvOperands& operands, void* scratch) const override;
  // oneDNN's name for how it does that.
  const std::string& implementation() const { return implementation_; }

 private:
  OnednnConvolution(const ConvGeometry& geometry, ConvResult result, ConvEpilogue epilogue)
      : geometry_(geometry), result_(result), epilogue_(epilogue) {}

  // False where oneDNN has nothing but its reference implementation, or nothing.
  absl::StatusOr<bool> TryToMake(dnnl::memory::data_type type);
  void Describe(dnnl::memory::data_type type);
  void MakeReorder();
  void PlanScratch();
  // The filter in the primitive's form: kept by the packing cache, or made in scratch memory.
  absl::StatusOr<const void*> PackedFilter(const ConvOperands& operands, char* scratch,
                                           std::shared_ptr<const void>& kept) const;
  absl::Status Pack(const ConvOperands& operands, char* scratch, void* to) const;
  absl::Status Reorder(const void* from, const void* to, char* scratch) const;
  absl::Status Execute(const void* x, const void* filter, const void* shift, const void* y,
                       char* scratch) const;

  const ConvGeometry geometry_;
  const ConvResult result_;
  const ConvEpilogue epilogue_;
  // x and y are bfloat16, but computed in float.
  bool widened_ = false;
  std::string implementation_;
  dnnl::primitive primitive_;
  // Between the filter's form and the primitive's, in the direction that is needed.
  dnnl::primitive reorder_;
  dnnl::memory::desc x_, y_, plain_filter_, filter_, shift_, scratchpad_, reorder_scratchpad_;
  // The packing cache's name for the filter's form.
  uint64_t form_ = 0;
  // Where things lie in scratch memory.
  size_t filter_at_ = 0, folded_at_ = 0, scratchpad_at_ = 0, x_at_ = 0, y_at_ = 0,
         scratch_bytes_ = 0;
};

// The plan of a kernel, whatever the number of threads that runs it.
absl::StatusOr<std::unique_ptr<ConvPlan>> MakeOnednnPlan(const ConvGeometry& geometry,
                                                         ConvResult result, DType dtype,
                                                         ConvEpilogue epilogue = {});

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ONEDNN_CONVOLUTION_H_
