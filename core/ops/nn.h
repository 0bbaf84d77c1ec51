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

// The cross entropy of each row of hidden: [N, D], against its label and `samples` other classes,
// for training with many classes: an estimate of SoftmaxCrossEntropy(hidden weights^T + bias,
// labels). weights: [V, D] and bias: [V], whose gradients are sparse; labels: [N] in [0, V).
// Classes are drawn with a probability that falls with their number: number them by falling
// frequency.
Output SampledSoftmaxCrossEntropy(BuilderRef b, Output hidden, Output weights, Output bias,
                                  Output labels, int64_t samples);

// Inverted dropout: zeros each element of x with probability `rate`, in [0, 1), and divides the
// others by 1 - rate. `training`, where valid, is a boolean scalar: without it x passes unchanged.
// The mask depends on an example's global index along `batch_axis`, not on how batches are split.
Output Dropout(BuilderRef b, Output x, float rate, Output training = {}, int64_t batch_axis = 0);

// x: [..., D]; scale, bias: [D]. Makes each row's mean 0 and variance 1, then scales and shifts it.
Output LayerNorm(BuilderRef b, Output x, Output scale, Output bias, float epsilon = 1e-5f);

}  // namespace viv

#endif  // VIV_CORE_OPS_NN_H_
