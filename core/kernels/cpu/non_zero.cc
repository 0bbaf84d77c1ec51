// NonZero: counts, then writes.
#include <algorithm>

#include "core/base/status.h"
#include "core/kernels/cpu/elementwise.h"

namespace viv {
namespace {

template <typename T>
absl::Status NonZero(const KernelContext& c) {
  const Tensor& x = c.input(0);
  const int64_t n = x.num_elements();
  const auto is_set = [data = x.data<T>()](int64_t i) {
    return static_cast<Wide<T>>(data[i]) != Wide<T>{};
  };
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += is_set(i);
  const int rank = x.rank();
  RETURN_IF_ERROR(c.AllocateOutput(0, {count, rank}));
  int64_t* indices = c.out<int64_t>();
  for (int64_t i = 0; i < n && rank > 0; ++i) {
    if (!is_set(i)) continue;
    int64_t rest = i;
    for (int axis = rank - 1; axis >= 0; --axis) {
      indices[axis] = rest % x.dim(axis);
      rest /= x.dim(axis);
    }
    indices += rank;
  }
  return absl::OkStatus();
}
const bool kNonZero = RegisterFor<VIV_NUMBERS, bool>(
    "NonZero", []<typename T>() { return MakeKernel(ComputeFn{&NonZero<T>}); });

}  // namespace
}  // namespace viv
