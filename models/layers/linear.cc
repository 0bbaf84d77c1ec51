// A matrix product over the last axis.
#include "models/layers/linear.h"

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/random.h"

namespace viv {

Linear::Linear(BuilderRef b, const std::string& name, int64_t inputs, int64_t outputs, bool bias)
    : inputs_(inputs), outputs_(outputs) {
  const GraphBuilder scope = b.Scope(name);
  weight_ = Variable(scope, "weight", GlorotUniform(scope, inputs, outputs));
  if (bias) {
    const Output zeros =
        BroadcastTo(scope, Const(scope, 0.0f), Const(scope, Tensor::Vector<int64_t>({outputs})));
    bias_ = Variable(scope, "bias", zeros);
  }
}

Output Linear::Apply(BuilderRef b, Output x) const {
  const bool sequence = x.valid() && x.shape().rank() == 3;
  Output y = MatMul(b, sequence ? FlattenTime(b, x, inputs_) : x, weight_.Read());
  if (bias_.handle().valid()) y = Add(b, y, bias_.Read());
  return sequence ? UnflattenTime(b, y, x, outputs_) : y;
}

Output FlattenTime(BuilderRef b, Output x, int64_t columns) {
  return Reshape(b, x, std::vector<int64_t>{-1, columns});
}

Output UnflattenTime(BuilderRef b, Output x, Output like, int64_t columns) {
  const Output outer = SliceAxis(b, ShapeOf(b, like), 0, 0, 2);
  const Output shape = Concat(b, {outer, Const(b, Tensor::Vector<int64_t>({columns}))}, 0);
  return Reshape(b, x, shape);
}

}  // namespace viv
