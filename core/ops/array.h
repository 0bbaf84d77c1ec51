// Builder functions of the ops that hold, rearrange or select values.
#ifndef VIV_CORE_OPS_ARRAY_H_
#define VIV_CORE_OPS_ARRAY_H_

#include <optional>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

// A constant.
Output Const(BuilderRef b, Tensor value);
template <typename T>
Output Const(BuilderRef b, T scalar) {
  return Const(b, Tensor::Scalar<T>(scalar));
}
// A constant of `dtype` (numeric or boolean) with one element.
Output ScalarLike(BuilderRef b, double value, DType dtype);

// A value that each run feeds. Extents may be -1; a fed tensor must fit.
Output Placeholder(BuilderRef b, DType dtype, const PartialShape& shape);

// x itself; a name for it.
Output Identity(BuilderRef b, Output x);
// x, through which no gradient flows.
Output StopGradient(BuilderRef b, Output x);

// The shape of x: an int64 vector. Its number of elements: an int64 scalar.
Output ShapeOf(BuilderRef b, Output x);
Output SizeOf(BuilderRef b, Output x);
// x under another shape of as many elements; one extent may be -1. The memory is shared.
Output Reshape(BuilderRef b, Output x, Output shape);
Output Reshape(BuilderRef b, Output x, const std::vector<int64_t>& shape);
// Broadcasts x to `shape` (an int64 vector).
Output BroadcastTo(BuilderRef b, Output x, Output shape);
// A tensor of `shape` (an int64 vector) that is `value` (a scalar) everywhere.
Output Fill(BuilderRef b, Output shape, Output value);
// Zeros or ones of the shape and type of x.
Output ZerosLike(BuilderRef b, Output x);
Output OnesLike(BuilderRef b, Output x);
// y.dim(i) = x.dim(perm[i]).
Output Transpose(BuilderRef b, Output x, const std::vector<int64_t>& perm);
// Joins tensors along an axis; their other extents are equal.
Output Concat(BuilderRef b, const std::vector<Output>& values, int64_t axis);
// x[begin:end) along an axis; a range that leaves the axis is an error.
Output SliceAxis(BuilderRef b, Output x, int64_t axis, int64_t begin, int64_t end);
// NumPy's x[begin:end:step] along the leading axes, one range for each: negative places count from
// the end, places outside are moved to the border, a missing one is the border. step is not 0.
struct SliceRange {
  std::optional<int64_t> begin = std::nullopt;
  std::optional<int64_t> end = std::nullopt;
  int64_t step = 1;
};
Output Slice(BuilderRef b, Output x, const std::vector<SliceRange>& ranges);
// x with the order of the elements along `axes` turned round.
Output Reverse(BuilderRef b, Output x, const std::vector<int64_t>& axes);
// Rows of x: [N, ...] at indices: any shape, int32 or int64 -> indices.shape + [...]. The gradient
// is sparse. An index outside [0, N) is an error of the run.
Output Gather(BuilderRef b, Output x, Output indices);
// Zeros of `shape` with values[i] added to row indices[i]; repeated rows add up.
Output ScatterAdd(BuilderRef b, Output indices, Output values, Output shape);

}  // namespace viv

#endif  // VIV_CORE_OPS_ARRAY_H_
