// The lengths of the sequences of a padded batch, as kernels read them.
#ifndef VIV_CORE_KERNELS_CPU_LENGTHS_H_
#define VIV_CORE_KERNELS_CPU_LENGTHS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// A view: the tensor outlives it.
class Lengths {
 public:
  // int32 `lengths` of `batch` examples, each in [0, steps] (else OutOfRange names it), or null:
  // every example has `steps`.
  static absl::StatusOr<Lengths> Make(const Tensor* lengths, int64_t steps, int64_t batch);

  int64_t Of(int64_t example) const { return of_ == nullptr ? steps_ : of_[example]; }
  bool Valid(int64_t example, int64_t step) const { return step < Of(example); }
  // The examples up to the last one that is valid at `step`.
  int64_t ActiveRows(int64_t step) const {
    int64_t rows = batch_;
    while (rows > 0 && !Valid(rows - 1, step)) --rows;
    return rows;
  }

 private:
  const int32_t* of_ = nullptr;
  int64_t steps_ = 0;
  int64_t batch_ = 0;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_LENGTHS_H_
