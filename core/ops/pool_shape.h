// What the pooling ops share: attributes `window`, `strides` (height, width), `padding`, and `pads`
// (top, bottom, left, right; read where padding is "explicit").
#ifndef VIV_CORE_OPS_POOL_SHAPE_H_
#define VIV_CORE_OPS_POOL_SHAPE_H_

#include <vector>

#include "core/graph/op_def.h"
#include "core/graph/shape_context.h"
#include "core/ops/image.h"

namespace viv {

// The attributes, with `others` behind them.
std::vector<AttrDef> PoolAttrs(std::vector<AttrDef> others = {});
AttrMap PoolAttrValues(const Pool2DOptions& options);
// [N, H, W, C] after pooling. An error where the windows do not fit.
absl::StatusOr<PartialShape> PooledShape(const AttrMap& attrs, const PartialShape& x);

}  // namespace viv

#endif  // VIV_CORE_OPS_POOL_SHAPE_H_
