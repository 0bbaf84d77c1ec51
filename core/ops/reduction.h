// What reductions over axes share: attributes `axes` (negative ones count from the back; none: all)
// and `keep_dims` (reduced axes stay, with extent 1).
#ifndef VIV_CORE_OPS_REDUCTION_H_
#define VIV_CORE_OPS_REDUCTION_H_

#include <vector>

#include "core/graph/gradient_context.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_context.h"

namespace viv {

// An op y = name(x) over axes.
OpDef Reduction(const char* name, const char* doc, const std::vector<DType>& types,
                GradientFn gradient);
// The op's output or gradient with the reduced axes as ones, so that it broadcasts against x.
Output WithReducedAxes(GradientContext& c, Output y);

}  // namespace viv

#endif  // VIV_CORE_OPS_REDUCTION_H_
