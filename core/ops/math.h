// Builder functions of arithmetic ops.
#ifndef VIV_CORE_OPS_MATH_H_
#define VIV_CORE_OPS_MATH_H_

#include <string>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

// Element by element, with broadcasting (NumPy's rule). Both of one numeric type. Integer division
// truncates; division of an integer by zero is an error of the run.
Output Add(BuilderRef b, Output x, Output y);
Output Sub(BuilderRef b, Output x, Output y);
Output Mul(BuilderRef b, Output x, Output y);
Output Div(BuilderRef b, Output x, Output y);

// Element by element, with broadcasting. NaN where an operand is. Where x == y, the gradient of an
// extremum flows into x.
Output Maximum(BuilderRef b, Output x, Output y);
Output Minimum(BuilderRef b, Output x, Output y);
// floor(x / y), and what it leaves, x - floor(x / y) y, which has the sign of y. Of an integer by
// zero: an error of the run.
Output FloorDiv(BuilderRef b, Output x, Output y);
Output Mod(BuilderRef b, Output x, Output y);
// x to the power of y; floating-point types.
Output Pow(BuilderRef b, Output x, Output y);
// x, or the nearer end of [low, high].
Output Clip(BuilderRef b, Output x, double low, double high);

// Truth values, with broadcasting: of all types for the first two, of numbers for the others.
Output Equal(BuilderRef b, Output x, Output y);
Output NotEqual(BuilderRef b, Output x, Output y);
Output Less(BuilderRef b, Output x, Output y);
Output LessEqual(BuilderRef b, Output x, Output y);
Output Greater(BuilderRef b, Output x, Output y);
Output GreaterEqual(BuilderRef b, Output x, Output y);
// Of truth values, with broadcasting.
Output And(BuilderRef b, Output x, Output y);
Output Or(BuilderRef b, Output x, Output y);
Output Not(BuilderRef b, Output x);
// Of floating-point numbers; an infinite one is neither.
Output IsNan(BuilderRef b, Output x);
Output IsFinite(BuilderRef b, Output x);
// x where the condition (boolean) holds, else y; all three broadcast. Any type.
Output Select(BuilderRef b, Output condition, Output x, Output y);

// Element by element; numbers. The gradient of Abs at 0 is 0, Sign has none.
Output Neg(BuilderRef b, Output x);
Output Abs(BuilderRef b, Output x);
Output Sign(BuilderRef b, Output x);
Output Square(BuilderRef b, Output x);

// Element by element; floating-point types.
Output Exp(BuilderRef b, Output x);
Output Log(BuilderRef b, Output x);
Output Sqrt(BuilderRef b, Output x);
Output Tanh(BuilderRef b, Output x);
Output Sigmoid(BuilderRef b, Output x);
Output Relu(BuilderRef b, Output x);
// e^x - 1 and log(1 + x), precise near 0; the error function; log(1 + e^x).
Output Expm1(BuilderRef b, Output x);
Output Log1p(BuilderRef b, Output x);
Output Erf(BuilderRef b, Output x);
Output Softplus(BuilderRef b, Output x);
// Of an angle in radians.
Output Sin(BuilderRef b, Output x);
Output Cos(BuilderRef b, Output x);
// To integers, halves to the even one. No gradient flows.
Output Floor(BuilderRef b, Output x);
Output Ceil(BuilderRef b, Output x);
Output Round(BuilderRef b, Output x);

// Another numeric or boolean type; to an integer it truncates towards zero.
Output Cast(BuilderRef b, Output x, DType dtype);

// x: [..., M, K] (or [..., K, M] with transpose_a), y: [..., K, N] (or [..., N, K]) -> [..., M, N];
// the leading dimensions broadcast.
struct MatMulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};
Output MatMul(BuilderRef b, Output x, Output y, MatMulOptions options = {});

// The sum or mean over `axes` (negative ones count from the back; none: all of them).
Output Sum(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);
Output Mean(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);

// The greatest, the least element and the product, in the same way. Of no elements: the least and
// the greatest value of the type (-inf and inf), and 1. A NaN is both the greatest and the least.
// Elements that are equal to the extremum share its gradient evenly.
Output Max(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);
Output Min(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);
Output Prod(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);
// Whether one of the truth values, or all of them, are true.
Output Any(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);
Output All(BuilderRef b, Output x, const std::vector<int64_t>& axes = {}, bool keep_dims = false);
// log(sum(e^x)), without overflow; the mean of the squared distances from the mean.
Output LogSumExp(BuilderRef b, Output x, const std::vector<int64_t>& axes = {},
                 bool keep_dims = false);
Output Variance(BuilderRef b, Output x, const std::vector<int64_t>& axes = {},
                bool keep_dims = false);
// Where along an axis, which must not be empty, the greatest or least element is: int64; the first
// of equal ones; a NaN before all others.
Output ArgMax(BuilderRef b, Output x, int64_t axis = -1, bool keep_dims = false);
Output ArgMin(BuilderRef b, Output x, int64_t axis = -1, bool keep_dims = false);

// NumPy's einsum: "bij,bjk->bik". Labels are letters; those that the result lacks are summed over.
// Without "->" the result has the labels that occur once, in alphabetical order. Any number of
// floating-point operands of known rank, multiplied from left to right. A label stands at most once
// in an operand. The gradient follows from that of the products.
Output Einsum(BuilderRef b, const std::string& equation, const std::vector<Output>& operands);

// Sums of all elements of x up to each one along an axis; exclusive: up to the one before; reverse:
// from the end on.
struct CumSumOptions {
  bool exclusive = false;
  bool reverse = false;
};
Output CumSum(BuilderRef b, Output x, int64_t axis, CumSumOptions options = {});

// Row s of the result is the sum, mean or greatest of the rows x[i] with segments[i] = s, in
// [0, count), in any order; a segment without rows gets 0. segments: [N], int32 or int64.
Output SegmentSum(BuilderRef b, Output x, Output segments, int64_t count);
Output SegmentMean(BuilderRef b, Output x, Output segments, int64_t count);
Output SegmentMax(BuilderRef b, Output x, Output segments, int64_t count);

// The inverse of broadcasting: sums x down to `shape` (an int64 vector).
Output SumTo(BuilderRef b, Output x, Output shape);
// SumTo the shape of `like`; x itself where the shapes are known to be equal.
Output SumLike(BuilderRef b, Output x, Output like);

}  // namespace viv

#endif  // VIV_CORE_OPS_MATH_H_
