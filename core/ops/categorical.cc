// Categorical: draws from softmax(logits), also called multinomial sampling.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/random.h"
#include "core/ops/random_key.h"

namespace viv {
namespace {

const OpRegistration kCategorical({
    .name = "Categorical",
    .doc = "Classes drawn for each row with probabilities softmax(logits).",
    .inputs = {{"logits", "T"}},
    .outputs = {{"classes", kInt64}},
    .attrs = {{"samples", AttrValue(1)}, {"key", AttrValue("")}},
    .types = {{"T", kFloatingTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 0, 2));
      const int64_t samples = c.attrs().Int("samples");
      RETURN_IF_ERROR(Annotate(Shape::Checked({samples}).status(), "samples"));
      if (c.input(0).dim(1) == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("logits ", c.input(0).ToString(), " are of no classes"));
      }
      c.set_output(0, {c.input(0).dim(0), samples});
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
    .random = true,
});

}  // namespace

Output Categorical(BuilderRef b, Output logits, int64_t samples) {
  return WithRandomKey(b, b.Add("Categorical", {logits}, {{"samples", samples}}));
}

}  // namespace viv
