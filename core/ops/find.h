// Builder functions of ops that find elements: how many there are, only the run knows.
#ifndef VIV_CORE_OPS_FIND_H_
#define VIV_CORE_OPS_FIND_H_

#include "core/graph/builder.h"

namespace viv {

// The indices of all elements that are not 0 (or not false), in row-major order: int64
// [how many, rank of x].
Output NonZero(BuilderRef b, Output x);
// The parts of x where the mask holds, in row-major order: [how many] + x.shape[k:]. The mask is
// boolean and has the first k >= 1 extents of x.
Output BooleanMask(BuilderRef b, Output x, Output mask);
// The distinct elements of x: [N], in the order in which they come first; for each element of x
// which of them it is; and how often each comes. int64.
struct UniqueResult {
  Output values;
  Output inverse;
  Output counts;
};
UniqueResult Unique(BuilderRef b, Output x);

}  // namespace viv

#endif  // VIV_CORE_OPS_FIND_H_
