// Activations, of other ops.
#include <cmath>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

Output Number(const GraphBuilder& b, double value, Output like) {
  return ScalarLike(b, value, like.dtype());
}
Output Scaled(const GraphBuilder& b, double factor, Output x) {
  return Mul(b, Number(b, factor, x), x);
}
// x where x > 0, else `other`.
Output Positive(const GraphBuilder& b, Output x, Output other) {
  return Select(b, Greater(b, x, Number(b, 0, x)), x, other);
}

}  // namespace

Output Gelu(BuilderRef b, Output x, bool approximate) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  const Output half = Scaled(at, 0.5, x);
  Output gate;
  if (approximate) {
    const Output cube = Mul(at, x, Square(at, x));
    gate = Tanh(at, Scaled(at, std::sqrt(2 / M_PI), Add(at, x, Scaled(at, 0.044715, cube))));
  } else {
    gate = Erf(at, Scaled(at, std::sqrt(0.5), x));
  }
  return Add(at, half, Mul(at, half, gate));
}

Output Silu(BuilderRef b, Output x) { return Mul(b, x, Sigmoid(b, x)); }

Output LeakyRelu(BuilderRef b, Output x, double slope) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  return Positive(at, x, Scaled(at, slope, x));
}

Output Elu(BuilderRef b, Output x, double alpha) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  // No power of a large number, whose infinity would make the gradient NaN.
  const Output negative = Minimum(at, Number(at, 0, x), x);
  return Positive(at, x, Scaled(at, alpha, Expm1(at, negative)));
}

Output Selu(BuilderRef b, Output x) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  return Scaled(at, 1.0507009873554805, Elu(at, x, 1.6732632423543772));
}

Output Softsign(BuilderRef b, Output x) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  return Div(at, x, Add(at, Number(at, 1, x), Abs(at, x)));
}

Output HardSigmoid(BuilderRef b, Output x) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  return Clip(at, Add(at, Scaled(at, 1.0 / 6, x), Number(at, 0.5, x)), 0, 1);
}

Output HardSwish(BuilderRef b, Output x) { return Mul(b, x, HardSigmoid(b, x)); }

Output HardTanh(BuilderRef b, Output x) { return Clip(b, x, -1, 1); }

Output Relu6(BuilderRef b, Output x) { return Clip(b, x, 0, 6); }

Output Mish(BuilderRef b, Output x) { return Mul(b, x, Tanh(b, Softplus(b, x))); }

Output LogSigmoid(BuilderRef b, Output x) { return Neg(b, Softplus(b, Neg(b, x))); }

Output L2Normalize(BuilderRef b, Output x, const std::vector<int64_t>& axes, double epsilon) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  const Output squares = Sum(at, Square(at, x), axes, true);
  return Div(at, x, Sqrt(at, Maximum(at, squares, Number(at, epsilon, x))));
}

}  // namespace viv
