// Convolutions of fixed shapes in float and bfloat16, by oneDNN: images lie in memory as [N, H, W,
// C], filters in whatever form the implementation likes best.
#ifndef VIV_CORE_KERNELS_CPU_ONEDNN_CONVOLUTION_H_
#define VIV_CORE_KERNELS_CPU_ONEDNN_CONVOLUTION_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/thread_annotations.h"
#include "core/device/kernel.h"
#include "core/kernels/cpu/convolution.h"
#include "core/kernels/cpu/onednn.h"
#include "core/tensor/dtype.h"

namespace viv {

// Which of x, filter and y is computed of the other two.
enum class ConvResult { kOutput, kInput, kFilter };

// Winograd's convolution (Lavin and Gray, "Fast algorithms for convolutional neural networks",
// 2016) multiplies 4 times less for windows of 3 x 3, and rounds more: errors are some 6 times as
// large.
enum class ConvAlgorithm {
  kByRule,  // by the shape alone, so that every run computes the same bits
  kDirect,
  kWinograd,  // NotFound where oneDNN has none for the shape
};

// What is done to y where it is computed: each channel gets a factor and a shift, then ReLU. The
// factor is put into the filters when they are packed.
struct ConvEpilogue {
  bool factor = false, shift = false, relu = false;
};

// x and y are of the type that the convolution was made for, filters always float.
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

// Made for as many threads as the calling thread may use. Safe for concurrent use.
class OnednnConvolution {
 public:
  // `dtype`: kFloat or kBFloat16. A machine without bfloat16 instructions computes in float.
  static absl::StatusOr<std::unique_ptr<OnednnConvolution>> Create(
      const ConvGeometry& geometry, ConvResult result, DType dtype,
      ConvAlgorithm algorithm = ConvAlgorithm::kByRule, ConvEpilogue epilogue = {});

  size_t scratch_bytes() const { return scratch_bytes_; }
  // Computes the result. `scratch`: aligned to a cache line.
  absl::Status Run(const ConvOperands& operands, void* scratch) const;
  // oneDNN's name for how it does that.
  const std::string& implementation() const { return implementation_; }

 private:
  OnednnConvolution(const ConvGeometry& geometry, ConvResult result, ConvEpilogue epilogue)
      : geometry_(geometry), result_(result), epilogue_(epilogue) {}

  // Brings an operand from one layout to another; nothing to do where they are equal.
  struct Reorder {
    dnnl::primitive primitive;
    dnnl::memory::desc from, to, scratchpad;

    explicit operator bool() const { return static_cast<bool>(primitive); }
  };

  // False where oneDNN has nothing but its reference implementation, or nothing.
  absl::StatusOr<bool> TryToMake(dnnl::memory::data_type type, dnnl::algorithm algorithm);
  void Describe(dnnl::memory::data_type type, bool any_layout);
  // Of an operand that has one layout outside and another in the primitive.
  static Reorder MakeReorder(const dnnl::memory::desc& outside, const dnnl::memory::desc& inside,
                             bool is_result);
  void MakeReorders();
  void PlanScratch();
  // The filter in the primitive's form: kept by the packing cache, or made in scratch memory.
  absl::StatusOr<const void*> PackedFilter(const ConvOperands& operands, char* scratch,
                                           std::shared_ptr<const void>& kept) const;
  absl::Status RunReorder(const Reorder& reorder, const void* from, const void* to,
                          char* scratch) const;
  // Image operands as the primitive reads them.
  absl::StatusOr<const void*> Prepare(const void* image, const Reorder& reorder, bool is_result,
                                      char* at, char* scratch) const;
  // Where its result goes.
  absl::Status Deliver(const void* image, const void* result, const Reorder& reorder,
                       char* scratch) const;
  absl::Status Pack(const ConvOperands& operands, void* to, char* scratch) const;
  absl::Status Execute(const void* x, const void* filter, const void* y, const float* shift,
                       char* scratch) const;

  const ConvGeometry geometry_;
  const ConvResult result_;
  const ConvEpilogue epilogue_;
  // x and y are bfloat16, but computed in float.
  bool widened_ = false;
  std::string implementation_;
  dnnl::primitive primitive_;
  dnnl::memory::desc x_, y_, filter_, shift_, scratchpad_;
  dnnl::memory::desc plain_x_, plain_y_, plain_filter_;
  // In the directions that are needed.
  Reorder x_reorder_, y_reorder_, filter_reorder_;
  // The packing cache's name for the filter's form.
  uint64_t form_ = 0;
  // Where things lie in scratch memory.
  size_t filter_at_ = 0, scaled_at_ = 0, scratchpad_at_ = 0, x_at_ = 0, y_at_ = 0,
         scratch_bytes_ = 0;
};

// The convolutions of one kernel: one for each number of threads that runs it.
class ConvVariants {
 public:
  static absl::StatusOr<std::unique_ptr<ConvVariants>> Create(const ConvGeometry& geometry,
                                                              ConvResult result, DType dtype,
                                                              ConvEpilogue epilogue = {});
  // Of the variant for this thread's number of threads, the one most kernels will ever see.
  size_t scratch_bytes() const { return scratch_bytes_; }
  absl::Status Run(const ConvOperands& operands, void* scratch) const;

 private:
  ConvVariants(const ConvGeometry& geometry, ConvResult result, DType dtype, ConvEpilogue epilogue)
      : geometry_(geometry), result_(result), dtype_(dtype), epilogue_(epilogue) {}
  absl::StatusOr<const OnednnConvolution*> ForThisThread() const;

  const ConvGeometry geometry_;
  const ConvResult result_;
  const DType dtype_;
  const ConvEpilogue epilogue_;
  size_t scratch_bytes_ = 0;
  mutable Mutex mutex_;
  mutable std::map<int, std::unique_ptr<OnednnConvolution>> by_threads_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ONEDNN_CONVOLUTION_H_
