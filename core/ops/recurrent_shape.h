// Checks that the shape functions of recurrent layers and their steps share.
#ifndef VIV_CORE_OPS_RECURRENT_SHAPE_H_
#define VIV_CORE_OPS_RECURRENT_SHAPE_H_

#include <string>

#include "core/graph/shape_context.h"

namespace viv {

// Extents of a layer; kUnknown where not known.
struct RecurrentExtents {
  int64_t steps, batch, units;
};

// An extent times `factor`; kUnknown stays.
int64_t Times(int64_t factor, int64_t extent);

// An error that begins with `what` where input i contradicts `expected`.
absl::Status CheckInput(ShapeContext& c, int i, const PartialShape& expected,
                        const std::string& what);

// From input 0, [T, B, ...], and the recurrent weights, [H, gates H], which it checks, and also the
// lengths where input `lengths` is there.
absl::StatusOr<RecurrentExtents> CheckLayer(ShapeContext& c, int recurrent, int64_t gates,
                                            int lengths);

}  // namespace viv

#endif  // VIV_CORE_OPS_RECURRENT_SHAPE_H_
