// Convolutions in 8 bits, by oneDNN: bytes without a sign with filters of bytes with one, added up
// exactly. Four times as fast as float where the processor has instructions for it (VNNI); with
// AVX2 alone as fast as float.
#ifndef VIV_CORE_KERNELS_CPU_INT8_CONVOLUTION_H_
#define VIV_CORE_KERNELS_CPU_INT8_CONVOLUTION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/kernels/cpu/convolution_plan.h"
#include "core/kernels/cpu/line_up.h"
#include "core/kernels/cpu/onednn.h"

namespace viv {

// What bytes stand for, and what becomes of the sums.
struct Int8Epilogue {
  // An image's element is its byte times this.
  float x_scale = 1;
  // The same for y, whose bytes are bounded by 0 and kGreatestByte; 0: y is float.
  float y_scale = 0;
  // As in ConvEpilogue; there is a shift always.
  bool factor = false, relu = false;
};

// Made for as many threads as the calling thread may use. Safe for concurrent use. The operands: x
// of bytes, filter and shift of floats, y of bytes or floats.
class Int8Convolution : public ConvPlan {
 public:
  static absl::StatusOr<std::unique_ptr<Int8Convolution>> Create(const ConvGeometry& geometry,
                                                                 const Int8Epilogue& epilogue);

  size_t scratch_bytes() const override { return scratch_bytes_; }
  absl::Status Run(const ConvOperands& operands, void* scratch) const override;
  // oneDNN's name for how it does that.
  const std::string& implementation() const { return implementation_; }

 private:
  Int8Convolution(const ConvGeometry& geometry, const Int8Epilogue& epilogue)
      : geometry_(geometry), epilogue_(epilogue) {}

  void MakePrimitive();
  void PlanScratch();
  // The filter in the primitive's form, and behind it the scale of each of its channels: kept by
  // the packing cache, or made in scratch memory.
  absl::StatusOr<const char*> PackedFilter(const ConvOperands& operands, char* scratch,
                                           std::shared_ptr<const void>& kept) const;
  absl::Status Pack(const ConvOperands& operands, char* scratch, char* to) const;
  size_t ScalesAt() const { return LineUp(filter_.get_size()); }
  size_t PackedBytes() const { return ScalesAt() + geometry_.k * sizeof(float); }

  const ConvGeometry geometry_;
  const Int8Epilogue epilogue_;
  std::string implementation_;
  dnnl::primitive primitive_, reorder_;
  dnnl::memory::desc x_, y_, plain_filter_, filter_, channels_, scratchpad_, reorder_scratchpad_;
  uint64_t form_ = 0;
  // Where things lie in scratch memory.
  size_t packed_at_ = 0, plain_at_ = 0, scratchpad_at_ = 0, factor_at_ = 0, shift_at_ = 0,
         scratch_bytes_ = 0;
};

// The plan of a kernel, whatever the number of threads that runs it.
absl::StatusOr<std::unique_ptr<ConvPlan>> MakeInt8Plan(const ConvGeometry& geometry,
                                                       const Int8Epilogue& epilogue);

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_INT8_CONVOLUTION_H_
