// SoftmaxCrossEntropy of rows of logits z against labels y with smoothing e over V classes:
//   loss = logsumexp(z) - (1 - e) z_y - e mean(z),   dz = softmax(z) - (1 - e) onehot(y) - e / V.
// Label smoothing: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

absl::Status CheckRows(ShapeContext& c) {
  RETURN_IF_ERROR(WithRank(c, 0, 2));
  RETURN_IF_ERROR(WithRank(c, 1, 1));
  const double e = c.attrs().Float("label_smoothing");
  if (!(e >= 0 && e < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("label_smoothing is ", e, ", outside [0, 1)"));
  }
  const PartialShape rows({c.input(0).dim(0)});
  return Annotate(rows.Merge(c.input(1)).status(), "rows of logits and labels");
}

const OpRegistration kLoss({
    .name = "SoftmaxCrossEntropy",
    .doc = "The cross entropy of the softmax of each row of logits.",
    .inputs = {{"logits", "T"}, {"labels", "I"}},
    .outputs = {{"loss", "T"}},
    .attrs = {{"label_smoothing", AttrValue(0.0)}},
    .types = {{"T", {kFloat, kDouble}}, {"I", kIndexTypes}},
    .shape =
        [](ShapeContext& c) {
          c.set_output(0, PartialShape({c.input(1).known_rank() ? c.input(1).dim(0) : -1}));
          return CheckRows(c);
        },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BuilderRef(c.builder())
                           .Add("SoftmaxCrossEntropyGrad", {c.input(0), c.input(1), c.grad()},
                                {{"label_smoothing", c.attrs().Float("label_smoothing")}}));
          return absl::OkStatus();
        },
});

// One pass over the logits; the probabilities are never stored. With p = softmax(z) and a gradient
// g flowing in: d/d(weight) = sum(g (p - target)), d/dz = weight p (g - sum(g p)).
const OpRegistration kGrad({
    .name = "SoftmaxCrossEntropyGrad",
    .doc = "weight times (softmax(logits) - target), row by row.",
    .inputs = {{"logits", "T"}, {"labels", "I"}, {"weight", "T"}},
    .outputs = {{"gradient", "T"}},
    .attrs = {{"label_smoothing", AttrValue(0.0)}},
    .types = {{"T", {kFloat, kDouble}}, {"I", kIndexTypes}},
    .shape =
        [](ShapeContext& c) {
          c.set_output(0, c.input(0));
          return CheckRows(c);
        },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          const Output weight = Reshape(b, c.input(2), {-1, 1});
          if (c.needed(0)) {
            const Output p = Softmax(b, c.input(0));
            const Output inner = Sum(b, Mul(b, c.grad(), p), {1}, true);
            c.SetGrad(0, Mul(b, weight, Mul(b, p, Sub(b, c.grad(), inner))));
          }
          if (c.needed(2)) {
            const Output unit = BuilderRef(b).Add(
                "SoftmaxCrossEntropyGrad", {c.input(0), c.input(1), OnesLike(b, c.input(2))},
                {{"label_smoothing", c.attrs().Float("label_smoothing")}});
            c.SetGrad(2, Sum(b, Mul(b, c.grad(), unit), {1}));
          }
          return absl::OkStatus();
        },
});

}  // namespace

Output SoftmaxCrossEntropy(BuilderRef b, Output logits, Output labels, float label_smoothing) {
  return b.Add("SoftmaxCrossEntropy", {logits, labels}, {{"label_smoothing", label_smoothing}});
}

}  // namespace viv
