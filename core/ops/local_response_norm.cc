// LocalResponseNorm: y_i = x_i s_i^-beta with s_i = bias + alpha / size times the sum of x_j^2 over
// the `size` channels around i. A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification
// with deep convolutional neural networks", NIPS 2012; alpha is divided by size as in Caffe.
//
// LocalResponseNormGrad: dx_i = dy_i s_i^-beta - 2 alpha beta / size x_i times the sum of
// dy_j x_j s_j^(-beta - 1) over the same channels.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/image.h"

namespace viv {
namespace {

absl::Status SameShapes(ShapeContext& c) {
  RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
  PartialShape x = c.input(0);
  if (c.num_inputs() > 1) {
    absl::StatusOr<PartialShape> merged = x.Merge(c.input(1));
    RETURN_IF_ERROR(Annotate(merged.status(), "dy"));
    x = *std::move(merged);
  }
  c.set_output(0, std::move(x));
  const int64_t size = c.attrs().Int("size");
  if (size < 1 || size % 2 == 0 || size > 1024) {
    return absl::InvalidArgumentError(
        absl::StrCat("size is ", size, ": it must be odd, at most 1023"));
  }
  const double alpha = c.attrs().Float("alpha"), bias = c.attrs().Float("bias");
  if (alpha >= 0 && bias > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("alpha is ", alpha, " and bias ", bias,
                                                 ": they must be at least 0, and above it"));
}

std::vector<AttrDef> Attrs() {
  return {{"size", AttrValue(int64_t{5})},
          {"alpha", AttrValue(1e-4)},
          {"beta", AttrValue(0.75)},
          {"bias", AttrValue(1.0)}};
}

const OpRegistration kLocalResponseNorm({
    .name = "LocalResponseNorm",
    .doc = "Channels divided by a power of the mean square around each.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = Attrs(),
    .types = {{"T", {kFloat, kDouble}}},
    .shape = SameShapes,
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BuilderRef(c.builder())
                           .Add("LocalResponseNormGrad", {c.input(0), c.grad()}, c.attrs()));
          return absl::OkStatus();
        },
});

const OpRegistration kLocalResponseNormGrad({
    .name = "LocalResponseNormGrad",
    .doc = "The gradient of LocalResponseNorm.",
    .inputs = {{"x", "T"}, {"dy", "T"}},
    .outputs = {{"dx", "T"}},
    .attrs = Attrs(),
    .types = {{"T", {kFloat, kDouble}}},
    .shape = SameShapes,
});

}  // namespace

Output LocalResponseNorm(BuilderRef b, Output x, const LocalResponseNormOptions& options) {
  return b.Add("LocalResponseNorm", {x},
               {{"size", options.size},
                {"alpha", options.alpha},
                {"beta", options.beta},
                {"bias", options.bias}});
}

}  // namespace viv
