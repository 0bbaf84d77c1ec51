// Where the windows of a convolution or a pooling lie along an axis, shared by shapes and kernels.
#ifndef VIV_CORE_TENSOR_WINDOW_H_
#define VIV_CORE_TENSOR_WINDOW_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace viv {

// Window i covers places i stride - before + k dilation of the axis, for k in [0, size); what lies
// outside of [0, extent) is padding.
struct WindowAxis {
  int64_t extent = 0;
  int64_t size = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t before = 0;
  int64_t after = 0;
  // How many windows there are; -1 where the extent is (not known).
  int64_t count = 0;

  // The windows' places inside the axis: k in [first(i), last(i)).
  int64_t Start(int64_t i) const { return i * stride - before; }
  int64_t First(int64_t i) const {
    const int64_t start = Start(i);
    return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  }
  int64_t Last(int64_t i) const {
    const int64_t room = extent - Start(i);
    return room >= (size - 1) * dilation + 1 ? size : (room + dilation - 1) / dilation;
  }
};

// `padding`: "valid": none; "same": so much that there are extent / stride windows, rounded up, the
// odd element behind; "explicit": `before` and `after`. Errors: numbers outside of [1, 2^31) ([0,
// 2^31) for paddings), a window beyond the padded axis.
absl::StatusOr<WindowAxis> MakeWindowAxis(int64_t extent, int64_t size, int64_t stride,
                                          int64_t dilation, const std::string& padding,
                                          int64_t before, int64_t after);

}  // namespace viv

#endif  // VIV_CORE_TENSOR_WINDOW_H_
