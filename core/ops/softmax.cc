// Softmax: y = e^x / sum(e^x) over the last axis; dx = y (dy - sum(dy y)). LogSoftmax, its
// logarithm: dx = dy - softmax(x) sum(dy).
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

const OpRegistration kSoftmax({
    .name = "Softmax",
    .doc = "The softmax over the last axis.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape =
        [](ShapeContext& c) {
          if (absl::Status s = WithRankAtLeast(c, 0, 1); !s.ok()) return s;
          return UnchangedShape(c);
        },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          const Output y = c.output(0);
          const Output inner = Sum(b, Mul(b, c.grad(), y), {-1}, true);
          c.SetGrad(0, Mul(b, y, Sub(b, c.grad(), inner)));
          return absl::OkStatus();
        },
});

const OpRegistration kLogSoftmax({
    .name = "LogSoftmax",
    .doc = "The logarithm of the softmax over the last axis.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .types = {{"T", {kFloat, kDouble}}},
    .shape =
        [](ShapeContext& c) {
          if (absl::Status s = WithRankAtLeast(c, 0, 1); !s.ok()) return s;
          return UnchangedShape(c);
        },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          const Output total = Sum(b, c.grad(), {-1}, true);
          c.SetGrad(0, Sub(b, c.grad(), Mul(b, Exp(b, c.output(0)), total)));
          return absl::OkStatus();
        },
});

}  // namespace

Output Softmax(BuilderRef b, Output x) { return b.Add("Softmax", {x}); }
Output LogSoftmax(BuilderRef b, Output x) { return b.Add("LogSoftmax", {x}); }

}  // namespace viv
