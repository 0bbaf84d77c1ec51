// What makes the numbers of one random node different from another's.
#ifndef VIV_CORE_OPS_RANDOM_KEY_H_
#define VIV_CORE_OPS_RANDOM_KEY_H_

#include "core/graph/builder.h"

namespace viv {

// The output of a random node with an attribute `key`, which is set in a function's body. Node
// names are unique within one graph: the function's name tells bodies of loops apart, and the key
// stays the same where a gradient runs a copy of a body.
Output WithRandomKey(BuilderRef b, Output random);

}  // namespace viv

#endif  // VIV_CORE_OPS_RANDOM_KEY_H_
