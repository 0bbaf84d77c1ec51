// Builder functions of the ops that watch values while a graph runs. They are never merged or
// folded away, but run only where their result is used (or, for Assert, where something is built
// After() it or the run asks for it).
#ifndef VIV_CORE_OPS_DEBUG_H_
#define VIV_CORE_OPS_DEBUG_H_

#include <string>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

// x itself, after a line "message: float[2, 3] {1, 2, ...}" on standard error with at most
// `max_elements` of its elements.
Output Print(BuilderRef b, Output x, const std::string& message, int64_t max_elements = 8);

// A target: the run fails with the message and `values` where an element of the condition (boolean,
// any shape) is false.
Output Assert(BuilderRef b, Output condition, const std::string& message,
              const std::vector<Output>& values = {});

// x itself, floating-point; the run fails with the message where an element is NaN or infinite, and
// says where the first one is. SessionOptions::check_numerics does it for all nodes.
Output CheckNumerics(BuilderRef b, Output x, const std::string& message);

}  // namespace viv

#endif  // VIV_CORE_OPS_DEBUG_H_
