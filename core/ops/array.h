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
// x itself, not before `signal`, of any type, was computed.
Output Delay(BuilderRef b, Output x, Output signal);
// x, through which no gradient flows.
Output StopGradient(BuilderRef b, Output x);

// x, which must have the shape of `like`: else an error of the run.
Output OfShape(BuilderRef b, Output x, Output like);

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
// Consecutive parts of x along an axis: of these extents, or as many equal ones as `parts`.
std::vector<Output> Split(BuilderRef b, Output x, int64_t axis, const std::vector<int64_t>& sizes);
std::vector<Output> SplitEqually(BuilderRef b, Output x, int64_t axis, int64_t parts);
// Puts tensors of one shape side by side along a new axis, and takes them apart again.
Output Stack(BuilderRef b, const std::vector<Output>& values, int64_t axis = 0);
std::vector<Output> Unstack(BuilderRef b, Output x, int64_t axis = 0);
// x with an axis of extent 1 more, before axis `axis`; without those at `axes`.
Output ExpandDims(BuilderRef b, Output x, int64_t axis);
Output Squeeze(BuilderRef b, Output x, const std::vector<int64_t>& axes);
// Extent `axis` of x, whose rank is known: an int64 scalar.
Output DimOf(BuilderRef b, Output x, int64_t axis);
// x repeated along each axis.
Output Tile(BuilderRef b, Output x, const std::vector<int64_t>& repeats);

// x with paddings[i] more elements before and after those of axis i: `value`, the nearest element
// (kEdge), or those inside in mirrored order, without (kReflect) or with (kSymmetric) the
// outermost.
enum class PadMode { kConstant, kEdge, kReflect, kSymmetric };
struct Padding {
  int64_t before = 0;
  int64_t after = 0;
};
Output Pad(BuilderRef b, Output x, const std::vector<Padding>& paddings,
           PadMode mode = PadMode::kConstant, double value = 0);

// Elements start, start + step, ... before limit; scalars of one type: int32, int64, float, double.
Output Range(BuilderRef b, Output start, Output limit, Output step);
// 0 to n - 1, int64; n: an int64 scalar.
Output Range(BuilderRef b, Output n);
// indices: any shape -> indices.shape + [depth]: `on` at the index, else `off`; only `off` for an
// index outside [0, depth).
Output OneHot(BuilderRef b, Output indices, int64_t depth, DType dtype = kFloat, double on = 1,
              double off = 0);
// lengths: any shape -> lengths.shape + [length], of `dtype`: 1 before the length, then 0. length:
// an int64 scalar.
Output SequenceMask(BuilderRef b, Output lengths, Output length, DType dtype = kBool);
// The unit matrix.
Output Eye(BuilderRef b, int64_t n, DType dtype = kFloat);

// x: [..., N] -> [..., N, N] with x on the diagonal, zeros elsewhere.
Output Diag(BuilderRef b, Output x);
// The diagonal of each matrix: [..., M, N] -> [..., min(M, N)].
Output DiagPart(BuilderRef b, Output x);
// Each matrix of x: [..., M, N] with zeros outside of a band: at most `below` diagonals under the
// main one and `above` over it are kept; a negative number keeps them all.
Output BandPart(BuilderRef b, Output x, int64_t below, int64_t above);
// [n, n], true where the column is not beyond the row: what a position may attend to. n: an int64
// scalar.
Output CausalMask(BuilderRef b, Output n);
// x with the first lengths[i] elements along the time axis of entry i along the batch axis in
// reverse; the padding behind them stays. A length beyond the time axis is an error of the run.
Output ReverseSequence(BuilderRef b, Output x, Output lengths, int64_t time_axis,
                       int64_t batch_axis);

// Rows of x: [N, ...] at indices: any shape, int32 or int64 -> indices.shape + [...]. The gradient
// is sparse. Here and below an index outside of x is an error of the run.
Output Gather(BuilderRef b, Output x, Output indices);
// The same along another axis: y = x.shape with extent `axis` replaced by indices.shape. With
// batch_dims leading dimensions in common, which lie before the axis, each batch entry of x is
// asked for its own indices. The gradient is dense.
Output GatherAxis(BuilderRef b, Output x, Output indices, int64_t axis, int64_t batch_dims = 0);
// Zeros of `shape` with values[i] added to row indices[i]; repeated rows add up.
Output ScatterAdd(BuilderRef b, Output indices, Output values, Output shape);
// x with rows indices[i] replaced by values[i]; a repeated row is an error of the run.
Output ScatterUpdate(BuilderRef b, Output x, Output indices, Output values);
// indices: [..., k] -> [...] + x.shape[k:]: the parts of x at x[indices[..., 0], ...].
Output GatherNd(BuilderRef b, Output x, Output indices);
// Zeros of `shape` with values added at such places.
Output ScatterNd(BuilderRef b, Output indices, Output values, Output shape);
// y[i, j, ...] = x[i, indices[i, j, ...], ...] for axis 1: indices has the shape of y, and that of
// x but along the axis. The index -1 gives 0.
Output GatherElements(BuilderRef b, Output x, Output indices, int64_t axis);

// The k largest (or smallest) elements along the last axis of x, the best first; of equal ones the
// first is better; NaN counts as largest. indices: int64.
struct TopKResult {
  Output values;
  Output indices;
};
TopKResult TopK(BuilderRef b, Output x, int64_t k, bool largest = true);
// The indices that sort x along an axis, int64; equal elements keep their order. Sort: x sorted.
Output ArgSort(BuilderRef b, Output x, int64_t axis = -1, bool descending = false);
Output Sort(BuilderRef b, Output x, int64_t axis = -1, bool descending = false);

}  // namespace viv

#endif  // VIV_CORE_OPS_ARRAY_H_
