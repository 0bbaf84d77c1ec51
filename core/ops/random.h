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
// Normal with mean 0, where what lies beyond 2 stddev is drawn again.
Output TruncatedNormal(BuilderRef b, const Shape& shape, float stddev = 1);
// True with this probability.
Output RandomBernoulli(BuilderRef b, const Shape& shape, float probability = 0.5f);
// logits: [N, V] -> `samples` classes for each row, drawn with probabilities softmax(logits): int64
// [N, samples]. What is drawn for a row depends on the example's global index, not on how batches
// are split. A row that is NaN or -inf everywhere is an error of the run.
Output Categorical(BuilderRef b, Output logits, int64_t samples = 1);
// 0 to n - 1 in random order: int64.
Output RandomPermutation(BuilderRef b, int64_t n);
// x with its rows, whose number must be known, in random order.
Output Shuffle(BuilderRef b, Output x);
// Glorot and Bengio 2010: uniform within sqrt(6 / (rows + columns)), for a weight matrix.
Output GlorotUniform(BuilderRef b, int64_t rows, int64_t columns);

}  // namespace viv

#endif  // VIV_CORE_OPS_RANDOM_H_
