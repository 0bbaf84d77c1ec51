// Max, Min, Prod, Any and All over axes.
//
// The gradient of an extremum is shared evenly by the elements that are equal to it. That of a
// product y is dy y / x, written so that it holds where elements are 0: there is the product of the
// others if exactly one of them is 0. (Its own gradient is that of the formula: it lacks what flows
// between an element that is 0 and the others.)
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/reduction.h"

namespace viv {
namespace {

absl::Status ExtremeGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), y = WithReducedAxes(c, c.output(0));
  const Output chosen = Cast(b, Equal(b, x, y), x.dtype());
  const std::vector<int64_t>& axes = c.attrs().Ints("axes");
  const Output share = Div(b, WithReducedAxes(c, c.grad()), Sum(b, chosen, axes, true));
  c.SetGrad(0, Mul(b, chosen, share));
  return absl::OkStatus();
}

absl::Status ProdGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), zero = ScalarLike(b, 0, x.dtype());
  const std::vector<int64_t>& axes = c.attrs().Ints("axes");
  const Output is_zero = Equal(b, x, zero);
  const Output zeros = Sum(b, Cast(b, is_zero, kInt64), axes, true);
  const Output of_zeros = Select(b, is_zero, ScalarLike(b, 1, kInt64), ScalarLike(b, 0, kInt64));
  const Output others = Select(b, is_zero, ScalarLike(b, 1, x.dtype()), x);
  const Output dx =
      Mul(b, WithReducedAxes(c, c.grad()), Div(b, Prod(b, others, axes, true), others));
  // Nothing flows where a zero is among the others.
  c.SetGrad(0, Select(b, Equal(b, zeros, of_zeros), dx, zero));
  return absl::OkStatus();
}

const OpRegistration kMax(Reduction("Max", "The greatest element over axes.", kNumericTypes,
                                    ExtremeGradient));
const OpRegistration kMin(Reduction("Min", "The least element over axes.", kNumericTypes,
                                    ExtremeGradient));
const OpRegistration kProd(Reduction("Prod", "The product over axes.", kNumericTypes,
                                     ProdGradient));
const OpRegistration kAny(Reduction("Any", "Whether one is true over axes.", {kBool},
                                    NotDifferentiable()));
const OpRegistration kAll(Reduction("All", "Whether all are true over axes.", {kBool},
                                    NotDifferentiable()));

Output Over(BuilderRef b, const char* op, Output x, const std::vector<int64_t>& axes,
            bool keep_dims) {
  return b.Add(op, {x}, {{"axes", axes}, {"keep_dims", keep_dims}});
}

}  // namespace

Output Max(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return Over(b, "Max", x, axes, keep_dims);
}
Output Min(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return Over(b, "Min", x, axes, keep_dims);
}
Output Prod(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return Over(b, "Prod", x, axes, keep_dims);
}
Output Any(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return Over(b, "Any", x, axes, keep_dims);
}
Output All(BuilderRef b, Output x, const std::vector<int64_t>& axes, bool keep_dims) {
  return Over(b, "All", x, axes, keep_dims);
}

}  // namespace viv
