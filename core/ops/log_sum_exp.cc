// LogSumExp and Variance, of reductions.
//
// logsumexp(x) = m + log(sum(e^(x - m))) with m = max(x), so that no power overflows; where m is
// infinite 0 stands in for it. The value does not depend on m, so no gradient flows through it.
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {

Output LogSumExp(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  const GraphBuilder at = b.builder().At(b.site());
  const Output max = Max(at, StopGradient(at, x), axes, true);
  if (!max.valid()) return max;
  const Output shift = Select(at, IsFinite(at, max), max, ScalarLike(at, 0, x.dtype()));
  const Output log = Log(at, Sum(at, Exp(at, Sub(at, x, shift)), axes, keep_dims));
  return Add(at, log, keep_dims ? shift : Reshape(at, shift, ShapeOf(at, log)));
}

Output Variance(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  const GraphBuilder at = b.builder().At(b.site());
  return Mean(at, Square(at, Sub(at, x, Mean(at, x, axes, true))), axes, keep_dims);
}

}  // namespace viv
