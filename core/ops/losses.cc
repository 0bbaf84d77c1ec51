// Losses of other ops, element by element; MaskedMean.
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {

Output SigmoidCrossEntropy(BuilderRef b, Output logits, Output targets) {
  if (!logits.valid()) return logits;
  const GraphBuilder at = b.builder().At(b.site());
  // t softplus(-z) + (1 - t) softplus(z): small losses are not the difference of large numbers.
  const Output rest = Sub(at, ScalarLike(at, 1, logits.dtype()), targets);
  return Add(at, Mul(at, targets, Softplus(at, Neg(at, logits))),
             Mul(at, rest, Softplus(at, logits)));
}

Output Huber(BuilderRef b, Output prediction, Output target, double delta) {
  const GraphBuilder at = b.builder().At(b.site());
  if (!(delta > 0)) b.SetError(absl::InvalidArgumentError("Huber: delta is not positive"));
  const Output distance = Abs(at, Sub(at, prediction, target));
  if (!distance.valid()) return distance;
  // With q = min(distance, delta): q (distance - q / 2).
  const Output q = Minimum(at, distance, ScalarLike(at, delta, distance.dtype()));
  return Mul(at, q, Sub(at, distance, Mul(at, ScalarLike(at, 0.5, q.dtype()), q)));
}

Output MaskedMean(BuilderRef b, Output x, Output mask) {
  if (!x.valid() || !mask.valid()) return {};
  const GraphBuilder at = b.builder().At(b.site());
  const bool same = x.shape().fully_defined() && x.shape() == mask.shape();
  if (!same) mask = BroadcastTo(at, mask, ShapeOf(at, x));
  // What is masked may be NaN.
  const Output sum = Sum(at, Select(at, mask, x, ScalarLike(at, 0, x.dtype())));
  const Output count = Sum(at, Cast(at, mask, kInt64));
  return Div(at, sum, Cast(at, Maximum(at, count, Const(at, int64_t{1})), x.dtype()));
}

}  // namespace viv
