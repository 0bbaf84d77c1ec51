// Maximum, Minimum and Clip. Where x and y are equal, the whole gradient flows into x.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// `takes_x` builds whether the result is x.
OpDef Extremum(const char* name, const char* doc, Output (*takes_x)(BuilderRef, Output, Output)) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}, {"y", "T"}},
          .outputs = {{"z", "T"}},
          .types = {{"T", kNumericTypes}},
          .shape = BroadcastShape,
          .gradient = [takes_x](GradientContext& c) {
            const GraphBuilder& b = c.builder();
            const Output from_x = takes_x(b, c.input(0), c.input(1));
            const Output dz = c.grad(), zero = ScalarLike(b, 0, c.grad().dtype());
            if (c.needed(0)) c.SetGrad(0, SumLike(b, Select(b, from_x, dz, zero), c.input(0)));
            if (c.needed(1)) c.SetGrad(1, SumLike(b, Select(b, from_x, zero, dz), c.input(1)));
            return absl::OkStatus();
          }};
}

const OpRegistration kMaximum(Extremum("Maximum", "The larger of x and y.", &GreaterEqual));
const OpRegistration kMinimum(Extremum("Minimum", "The smaller of x and y.", &LessEqual));

}  // namespace

Output Maximum(BuilderRef b, Output x, Output y) { return b.Add("Maximum", {x, y}); }
Output Minimum(BuilderRef b, Output x, Output y) { return b.Add("Minimum", {x, y}); }

Output Clip(BuilderRef b, Output x, double low, double high) {
  if (!x.valid()) return x;
  const GraphBuilder at = b.builder().At(b.site());
  return Minimum(at, Maximum(at, x, ScalarLike(at, low, x.dtype())),
                 ScalarLike(at, high, x.dtype()));
}

}  // namespace viv
