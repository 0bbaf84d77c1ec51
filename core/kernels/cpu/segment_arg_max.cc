// SegmentArgMax: one pass over the rows; the first of equal elements wins, a NaN beats all others.
#include "absl/strings/str_cat.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/sums.h"

namespace viv {
namespace {

template <typename T>
bool Greater(T a, T b) {
  if constexpr (kIs16BitFloat<T>) {
    return Greater(static_cast<float>(a), static_cast<float>(b));
  } else {
    return a > b || (a != a && b == b);
  }
}

template <typename T>
absl::Status SegmentArgMax(const KernelContext& c) {
  const Shape& shape = c.output(0).shape();
  const int64_t count = shape.dim(0), row = shape.Elements(1, shape.rank());
  const T* x = c.in<T>(0);
  int64_t* best = c.out<int64_t>();
  std::fill_n(best, count * row, int64_t{-1});
  for (int64_t i = 0; i < c.input(1).num_elements(); ++i) {
    const int64_t segment = c.input(1).ElementAsInt(i);
    if (segment < 0 || segment >= count) {
      return absl::OutOfRangeError(
          absl::StrCat("segment ", segment, " of row ", i, " is outside [0, ", count, ")"));
    }
    for (int64_t j = 0; j < row; ++j) {
      int64_t& at = best[segment * row + j];
      if (at < 0 || Greater(x[i * row + j], x[at * row + j])) at = i;
    }
  }
  return absl::OkStatus();
}
const bool kSegmentArgMax =
    RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t>(
        "SegmentArgMax", []<typename T>() { return MakeKernel(ComputeFn{&SegmentArgMax<T>}); });

}  // namespace
}  // namespace viv
