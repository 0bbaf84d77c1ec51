// Checks lengths.
#include "core/kernels/cpu/lengths.h"

#include "absl/strings/str_cat.h"

namespace viv {

absl::StatusOr<Lengths> Lengths::Make(const Tensor* lengths, int64_t steps, int64_t batch) {
  Lengths result;
  result.steps_ = steps;
  result.batch_ = batch;
  if (lengths == nullptr) return result;
  result.of_ = lengths->data<int32_t>();
  for (int64_t b = 0; b < batch; ++b) {
    if (result.of_[b] < 0 || result.of_[b] > steps) {
      return absl::OutOfRangeError(absl::StrCat("length ", result.of_[b], " of example ", b,
                                                " is outside [0, ", steps, "]"));
    }
  }
  return result;
}

}  // namespace viv
