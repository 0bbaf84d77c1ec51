// Shapes of what goes from step to step of a loop.
#ifndef VIV_CORE_OPS_CARRY_SHAPE_H_
#define VIV_CORE_OPS_CARRY_SHAPE_H_

#include <string>

#include "core/graph/shape_context.h"

namespace viv {

// The shape of carry i, input and output i of the node, where the body returns `next`. An error,
// in which the carry is called `what`, where types or shapes differ.
absl::StatusOr<PartialShape> CarryShape(const ShapeContext& c, int i, const PartialShape& next,
                                        const std::string& what);

}  // namespace viv

#endif  // VIV_CORE_OPS_CARRY_SHAPE_H_
