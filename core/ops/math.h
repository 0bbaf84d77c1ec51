// Builder functions of arithmetic ops.
#ifndef VIV_CORE_OPS_MATH_H_
#define VIV_CORE_OPS_MATH_H_

#include "core/graph/builder.h"

namespace viv {

// x + y, element by element, with broadcasting.
Output Add(BuilderRef b, Output x, Output y);

}  // namespace viv

#endif  // VIV_CORE_OPS_MATH_H_
