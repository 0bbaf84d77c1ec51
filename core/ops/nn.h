// Builder functions of neural-network ops.
#ifndef VIV_CORE_OPS_NN_H_
#define VIV_CORE_OPS_NN_H_

#include "core/graph/builder.h"

namespace viv {

// The softmax over the last axis, and its logarithm.
Output Softmax(BuilderRef b, Output x);
Output LogSoftmax(BuilderRef b, Output x);

// logits: [N, V]; labels: [N], int32 or int64 in [0, V) -> the cross entropy of each row, [N]. With
// label smoothing e the target is 1 - e at the label plus e / V everywhere. Rows whose label is
// `ignored_label` (padding) have loss 0 and gradient 0. Another label outside [0, V) is an error of
// the run.
inline constexpr int64_t kNoIgnoredLabel = INT64_MIN;
Output SoftmaxCrossEntropy(BuilderRef b, Output logits, Output labels, float label_smoothing = 0,
                           int64_t ignored_label = kNoIgnoredLabel);

}  // namespace viv

#endif  // VIV_CORE_OPS_NN_H_
