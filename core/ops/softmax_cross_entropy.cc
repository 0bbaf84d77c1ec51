// SoftmaxCrossEntropy of rows of logits z against labels y with smoothing e over V classes:
//   loss = logsumexp(z) - (1 - e) z_y - e mean(z),   dz = softmax(z) - (1 - e) onehot(y) - e / V.
// Label smoothing: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016.
//
// The second output, l = logsumexp(z) (0 in ignored rows), saves the gradient two passes: it reads
// the logits once and may overwrite them. SoftmaxCrossEntropyGrad treats l as an input of its own,
// so that differentiating it again is plain: with E = weight e^(z - l) and gradient g,
//   dz = g E,   dl = -sum(g E),   dweight = sum(g Grad) at weight 1.
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
  PartialShape rows({c.input(0).dim(0)});
  for (int i = 1; i < c.num_inputs(); ++i) {
    absl::StatusOr<PartialShape> merged = rows.Merge(c.input(i));
    RETURN_IF_ERROR(Annotate(merged.status(), "rows of logits and labels"));
    rows = *std::move(merged);
  }
  return absl::OkStatus();
}

// weight (softmax(logits) - target), or with `against_target` false weight softmax(logits), for the
// rows that are not ignored.
Output Grad(const GraphBuilder& b, const AttrMap& loss, bool against_target,
            std::vector<Output> inputs) {
  return BuilderRef(b).Add("SoftmaxCrossEntropyGrad", std::move(inputs),
                           {{"label_smoothing", loss.Float("label_smoothing")},
                            {"ignored_label", loss.Int("ignored_label")},
                            {"against_target", against_target}});
}

const OpRegistration kLoss({
    .name = "SoftmaxCrossEntropy",
    .doc = "The cross entropy of the softmax of each row of logits, and the rows' logsumexp.",
    .inputs = {{"logits", "T"}, {"labels", "I"}},
    .outputs = {{"loss", "wide T"}, {"logsumexp", "wide T"}},
    .attrs = {{"label_smoothing", AttrValue(0.0)}, {"ignored_label", AttrValue(kNoIgnoredLabel)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}, {"I", kIndexTypes}},
    .shape =
        [](ShapeContext& c) {
          const PartialShape rows({c.input(1).known_rank() ? c.input(1).dim(0) : -1});
          c.set_output(0, rows);
          c.set_output(1, rows);
          return CheckRows(c);
        },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          Output sum;
          for (const int i : {0, 1}) {
            if (!c.has_grad(i)) continue;
            const Output part =
                Grad(b, c.attrs(), i == 0, {c.input(0), c.input(1), c.grad(i), c.output(1)});
            sum = sum.valid() ? Add(b, sum, part) : part;
          }
          c.SetGrad(0, sum);
          return absl::OkStatus();
        },
});

absl::Status GradGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output z = c.input(0), labels = c.input(1), weight = c.input(2), l = c.input(3);
  if (c.needed(0) || c.needed(3)) {
    const Output ge = Mul(b, c.grad(), Grad(b, c.attrs(), false, {z, labels, weight, l}));
    c.SetGrad(0, ge);
    if (c.needed(3)) c.SetGrad(3, Neg(b, Sum(b, ge, {1})));
  }
  if (c.needed(2)) {
    const Output unit =
        Grad(b, c.attrs(), c.attrs().Bool("against_target"), {z, labels, OnesLike(b, weight), l});
    c.SetGrad(2, Sum(b, Mul(b, c.grad(), unit), {1}));
  }
  return absl::OkStatus();
}

const OpRegistration kGrad({
    .name = "SoftmaxCrossEntropyGrad",
    .doc = "weight times (softmax(logits) - target), row by row.",
    .inputs = {{"logits", "T"}, {"labels", "I"}, {"weight", "wide T"}, {"logsumexp", "wide T"}},
    .outputs = {{"gradient", "T"}},
    .attrs = {{"label_smoothing", AttrValue(0.0)},
              {"ignored_label", AttrValue(kNoIgnoredLabel)},
              {"against_target", AttrValue(true)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}, {"I", kIndexTypes}},
    .shape =
        [](ShapeContext& c) {
          c.set_output(0, c.input(0));
          return CheckRows(c);
        },
    .gradient = GradGradient,
});

}  // namespace

Output SoftmaxCrossEntropy(BuilderRef b, Output logits, Output labels, float label_smoothing,
                           int64_t ignored_label) {
  return b.Add("SoftmaxCrossEntropy", {logits, labels},
               {{"label_smoothing", label_smoothing}, {"ignored_label", ignored_label}});
}

}  // namespace viv
