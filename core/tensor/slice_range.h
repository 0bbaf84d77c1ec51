// The arithmetic of x[begin:end:step], shared by the shapes and the kernels of Slice.
#ifndef VIV_CORE_TENSOR_SLICE_RANGE_H_
#define VIV_CORE_TENSOR_SLICE_RANGE_H_

#include <algorithm>
#include <cstdint>

namespace viv {

// Which elements of an axis: first, first + step, ..., `count` of them.
struct ResolvedSlice {
  int64_t first = 0;
  int64_t step = 1;
  int64_t count = 0;
};

// Python's rule: negative places count from the end, places outside are moved to the border. step
// is not 0 and not the smallest integer; `extent` is known.
inline ResolvedSlice ResolveSlice(int64_t begin, int64_t end, int64_t step, int64_t extent) {
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  const auto place = [&](int64_t at) { return std::clamp(at < 0 ? at + extent : at, low, high); };
  const int64_t first = place(begin), last = place(end);
  const int64_t way = step > 0 ? last - first : first - last;
  const int64_t stride = step > 0 ? step : -step;
  return {first, step, way <= 0 ? 0 : (way - 1) / stride + 1};
}

}  // namespace viv

#endif  // VIV_CORE_TENSOR_SLICE_RANGE_H_
