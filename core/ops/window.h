// What ops have in common that move a window over images, [N, H, W, C].
#ifndef VIV_CORE_OPS_WINDOW_H_
#define VIV_CORE_OPS_WINDOW_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/op_def.h"
#include "core/ops/image.h"

namespace viv {

// Their attributes, before those in `more`:
//   strides, dilations: [height, width];
//   padding: "valid", "same" or "explicit", then of `pads`: [top, bottom, left, right].
std::vector<AttrDef> WindowAttrs(std::vector<AttrDef> more = {});
// The values, of options.
AttrMap WindowValues(const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations,
                     const WindowPadding& padding);

// On how many places a window of this extent stands along an axis (0: height, 1: width); -1 where
// an extent is -1, unknown. InvalidArgument for attributes that cannot be, and for a window that
// exceeds the padded image.
absl::StatusOr<int64_t> CountWindows(const AttrMap& attrs, int axis, int64_t image, int64_t window);

}  // namespace viv

#endif  // VIV_CORE_OPS_WINDOW_H_
