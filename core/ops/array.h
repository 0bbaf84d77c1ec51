// Builder functions of the ops that hold, rearrange or select values.
#ifndef VIV_CORE_OPS_ARRAY_H_
#define VIV_CORE_OPS_ARRAY_H_

#include <vector>

#include "core/graph/builder.h"

namespace viv {

// A constant.
Output Const(BuilderRef b, Tensor value);
template <typename T>
Output Const(BuilderRef b, T scalar) {
  return Const(b, Tensor::Scalar<T>(scalar));
}

// A value that each run feeds. Extents may be -1; a fed tensor must fit.
Output Placeholder(BuilderRef b, DType dtype, const PartialShape& shape);

// x itself; a name for it.
Output Identity(BuilderRef b, Output x);

}  // namespace viv

#endif  // VIV_CORE_OPS_ARRAY_H_
