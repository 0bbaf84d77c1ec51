// ZeroRows: initial states of recurrent layers.
#include "core/ops/array.h"
#include "core/ops/rnn.h"

namespace viv {

Output ZeroRows(BuilderRef b, Output x, int batch_axis, int64_t columns) {
  if (!x.valid()) return {};
  const Output batch = SliceAxis(b, ShapeOf(b, x), 0, batch_axis, batch_axis + 1);
  const Output width = Const(b, Tensor::Vector<int64_t>({columns}));
  return BroadcastTo(b, ScalarLike(b, 0, x.dtype()), Concat(b, {batch, width}, 0));
}

}  // namespace viv
