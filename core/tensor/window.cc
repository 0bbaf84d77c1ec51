// The arithmetic of windows along an axis.
#include "core/tensor/window.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;

absl::Status CheckRange(const char* what, int64_t value, int64_t least) {
  if (value >= least && value < kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a ", what, " of ", value, ", outside [", least, ", 2^31)"));
}

}  // namespace

absl::StatusOr<WindowAxis> MakeWindowAxis(int64_t extent, int64_t size, int64_t stride,
                                          int64_t dilation, const std::string& padding,
                                          int64_t before, int64_t after) {
  RETURN_IF_ERROR(CheckRange("window", size, 1));
  RETURN_IF_ERROR(CheckRange("stride", stride, 1));
  RETURN_IF_ERROR(CheckRange("dilation", dilation, 1));
  WindowAxis axis{extent, size, stride, dilation, 0, 0, -1};
  if (padding == "explicit") {
    RETURN_IF_ERROR(CheckRange("padding", before, 0));
    RETURN_IF_ERROR(CheckRange("padding", after, 0));
    axis.before = before;
    axis.after = after;
  }
  if (extent < 0) return axis;
  const int64_t span = (size - 1) * dilation + 1;
  if (padding == "same") {
    axis.count = (extent + stride - 1) / stride;
    const int64_t total = std::max<int64_t>(0, (axis.count - 1) * stride + span - extent);
    axis.before = total / 2;
    axis.after = total - axis.before;
    return axis;
  }
  const int64_t room = axis.before + extent + axis.after - span;
  if (room < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a window over ", span, " elements does not fit an extent of ", extent,
                     " padded by ", axis.before, " and ", axis.after));
  }
  axis.count = room / stride + 1;
  return axis;
}

}  // namespace viv
