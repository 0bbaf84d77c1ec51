// Builder functions of random ops. The numbers are a function of the session's seed, the node's
// name, the number of the run, the indices of the loops around and the element: not of threads.
#ifndef VIV_CORE_OPS_RANDOM_H_
#define VIV_CORE_OPS_RANDOM_H_

#include "core/graph/builder.h"

namespace viv {

// Uniform in [low, high).
Output RandomUniform(BuilderRef b, const Shape& shape, float low = 0, float high = 1);
// Normal with mean 0.
Output RandomNormal(BuilderRef b, const Shape& shape, float stddev = 1);
// Glorot and Bengio 2010: uniform within sqrt(6 / (rows + columns)), for a weight matrix.
Output GlorotUniform(BuilderRef b, int64_t rows, int64_t columns);

}  // namespace viv

#endif  // VIV_CORE_OPS_RANDOM_H_
