// Builder functions of neural-network ops.
#ifndef VIV_CORE_OPS_NN_H_
#define VIV_CORE_OPS_NN_H_

#include <vector>

#include "core/graph/builder.h"

namespace viv {

// The softmax over the last axis, and its logarithm.
Output Softmax(BuilderRef b, Output x);
Output LogSoftmax(BuilderRef b, Output x);

// Activations, element by element; floating-point types. Gelu: x P(X <= x) for a normal X, or its
// approximation by tanh (Hendrycks and Gimpel 2016).
Output Gelu(BuilderRef b, Output x, bool approximate = false);
// x sigmoid(x), also called Swish; x tanh(softplus(x)); log(sigmoid(x)); x / (1 + |x|).
Output Silu(BuilderRef b, Output x);
Output Mish(BuilderRef b, Output x);
Output LogSigmoid(BuilderRef b, Output x);
Output Softsign(BuilderRef b, Output x);
// x where x > 0, else slope x; alpha (e^x - 1); the same with the constants of Klambauer et al.
// 2017.
Output LeakyRelu(BuilderRef b, Output x, double slope = 0.01);
Output Elu(BuilderRef b, Output x, double alpha = 1);
Output Selu(BuilderRef b, Output x);
// x clipped to [0, 6], to [-1, 1]; x / 6 + 1 / 2 clipped to [0, 1], and x times that.
Output Relu6(BuilderRef b, Output x);
Output HardTanh(BuilderRef b, Output x);
Output HardSigmoid(BuilderRef b, Output x);
Output HardSwish(BuilderRef b, Output x);

// x divided by the root of the sum of its squares over `axes` (none: all), or of epsilon where that
// is larger.
Output L2Normalize(BuilderRef b, Output x, const std::vector<int64_t>& axes,
                   double epsilon = 1e-12);

// The cross entropy of sigmoid(logits) against targets in [0, 1], element by element.
Output SigmoidCrossEntropy(BuilderRef b, Output logits, Output targets);
// Element by element, of the distance d between both: d^2 / 2 up to delta, beyond it
// delta (d - delta / 2) (Huber 1964).
Output Huber(BuilderRef b, Output prediction, Output target, double delta = 1);
// The mean of the elements of x where the mask (boolean, broadcasts to x) holds; 0 where it never
// does. For losses of padded sequences: see SequenceMask.
Output MaskedMean(BuilderRef b, Output x, Output mask);

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
