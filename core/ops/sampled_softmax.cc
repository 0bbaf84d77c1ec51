// LogUniformSampler and SampledSoftmaxCrossEntropy: importance sampling of the softmax's
// denominator. With S classes s drawn with replacement from p,
//   loss = -z_y + log(e^(z_y) + sum over s != y of e^(z_s) / (S p(s))),
// whose sum approaches that over all V classes. p(k) = log((k + 2) / (k + 1)) / log(V + 1), for
// classes sorted by falling frequency. S. Jean et al., "On using very large target vocabulary for
// neural machine translation", ACL 2015.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

const OpRegistration kSampler({
    .name = "LogUniformSampler",
    .doc = "`count` classes in [0, classes), and what to add to the logits of label and samples.",
    .inputs = {{"labels", "I"}},
    .outputs = {{"samples", "I"}, {"correction", kFloat}},
    .attrs = {{"classes", AttrType::kInt}, {"count", AttrType::kInt}},
    .types = {{"I", kIndexTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 0, 1));
      const int64_t classes = c.attrs().Int("classes"), count = c.attrs().Int("count");
      if (classes < 1 || count < 1) {
        return absl::InvalidArgumentError(
            absl::StrCat("cannot draw ", count, " of ", classes, " classes"));
      }
      RETURN_IF_ERROR(Shape::Checked({count}).status());
      c.set_output(0, {count});
      c.set_output(1, {c.input(0).dim(0), count + 1});
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
    .random = true,
});

}  // namespace

Output SampledSoftmaxCrossEntropy(BuilderRef b, Output hidden, Output weights, Output bias,
                                  Output labels, int64_t samples) {
  if (!hidden.valid() || !weights.valid() || !bias.valid() || !labels.valid()) return {};
  const int64_t classes = weights.shape().dim(0);
  if (classes < 0) {
    b.SetError(absl::InvalidArgumentError("the number of classes is unknown: declare it"));
    return {};
  }
  const std::vector<Output> drawn =
      b.AddMany("LogUniformSampler", {labels}, {{"classes", classes}, {"count", samples}}, 2);
  if (!drawn[0].valid()) return {};
  // One column of the label's logits, then those of the samples.
  const Output of_label = Add(b, Sum(b, Mul(b, hidden, Gather(b, weights, labels)), {1}, true),
                              Reshape(b, Gather(b, bias, labels), {-1, 1}));
  const Output of_samples =
      Add(b, MatMul(b, hidden, Gather(b, weights, drawn[0]), {.transpose_b = true}),
          Gather(b, bias, drawn[0]));
  const Output logits = Concat(b, {of_label, of_samples}, 1);
  const Output corrected = Add(b, logits, Cast(b, drawn[1], hidden.dtype()));
  // The label is column 0.
  const Output zeros = BroadcastTo(b, Const(b, 0.0f), ShapeOf(b, labels));
  return SoftmaxCrossEntropy(b, corrected, Cast(b, zeros, kInt32));
}

}  // namespace viv
