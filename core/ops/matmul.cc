// MatMul: z = op(x) op(y), where op may transpose. With dz given: dx = dz y^T, dy = x^T dz, and the
// like for transposed operands.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/math.h"

namespace viv {
namespace {

absl::Status MatMulShape(ShapeContext& c) {
  RETURN_IF_ERROR(WithRank(c, 0, 2));
  RETURN_IF_ERROR(WithRank(c, 1, 2));
  const int ta = c.attrs().Bool("transpose_a"), tb = c.attrs().Bool("transpose_b");
  const int64_t m = c.input(0).dim(ta), k = c.input(0).dim(1 - ta);
  const int64_t k2 = c.input(1).dim(tb), n = c.input(1).dim(1 - tb);
  if (k >= 0 && k2 >= 0 && k != k2) {
    return absl::InvalidArgumentError(absl::StrCat("inner extents ", k, " and ", k2, " of ",
                                                   c.input(0).ToString(), " and ",
                                                   c.input(1).ToString(), " differ"));
  }
  c.set_output(0, PartialShape({m, n}));
  return absl::OkStatus();
}

absl::Status MatMulGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const bool ta = c.attrs().Bool("transpose_a"), tb = c.attrs().Bool("transpose_b");
  const Output x = c.input(0), y = c.input(1), dz = c.grad();
  if (c.needed(0)) {
    c.SetGrad(0, ta ? MatMul(b, y, dz, {.transpose_a = tb, .transpose_b = true})
                    : MatMul(b, dz, y, {.transpose_b = !tb}));
  }
  if (c.needed(1)) {
    c.SetGrad(1, tb ? MatMul(b, dz, x, {.transpose_a = true, .transpose_b = ta})
                    : MatMul(b, x, dz, {.transpose_a = !ta}));
  }
  return absl::OkStatus();
}

const OpRegistration kMatMul({
    .name = "MatMul",
    .doc = "The product of two matrices.",
    .inputs = {{"x", "T"}, {"y", "T"}},
    .outputs = {{"z", "T"}},
    .attrs = {{"transpose_a", AttrValue(false)}, {"transpose_b", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape = MatMulShape,
    .gradient = MatMulGradient,
});

}  // namespace

Output MatMul(BuilderRef b, Output x, Output y, MatMulOptions options) {
  return b.Add("MatMul", {x, y},
               {{"transpose_a", options.transpose_a}, {"transpose_b", options.transpose_b}});
}

}  // namespace viv
