// BatchNorm over all axes but the last: n = (x - mean) r with r = 1 / sqrt(variance + epsilon), and
// y = n scale + offset, with `relu` max(0, .) of that. The mean and the (biased) variance of each
// channel are those of the batch. S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
//
// BatchNormGrad takes the mean and the variance as inputs of its own. With m() the mean over the
// rows and dy 0 where `relu` cut y off:
//   dx = r scale (dy - m(dy) - n m(dy n)),   d scale = sum of dy n,   d offset = of dy.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/image.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// Checks that inputs [first, last) are vectors with an element for each channel of x.
absl::Status CheckChannels(ShapeContext& c, int first, int last) {
  RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
  const PartialShape& x = c.input(0);
  PartialShape channels{x.known_rank() ? x.dim(x.rank() - 1) : -1};
  for (int i = first; i < last; ++i) {
    absl::StatusOr<PartialShape> merged = channels.Merge(c.input(i));
    RETURN_IF_ERROR(Annotate(merged.status(), absl::StrCat("input ", i, ", the channels")));
    channels = *std::move(merged);
  }
  c.set_output(0, x);
  for (const int i : {1, 2}) c.set_output(i, channels);
  const double e = c.attrs().Float("epsilon");
  if (e >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("epsilon is ", e, ", below 0"));
}

// How many rows x has, as a number like `like`; NaN where they are empty.
Output Rows(const GraphBuilder& b, Output x, Output like) {
  return Div(b, Cast(b, SizeOf(b, x), like.dtype()), Cast(b, SizeOf(b, like), like.dtype()));
}

absl::Status BatchNormGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  const Output x = c.input(0), mean = c.output(1), variance = c.output(2);
  Output dx;
  const auto add = [&](Output part) {
    part = Cast(b, part, x.dtype());
    dx = dx.valid() ? Add(b, dx, part) : part;
  };
  if (c.has_grad(0)) {
    const std::vector<Output> grads = BuilderRef(b).AddMany(
        "BatchNormGrad", {x, c.input(1), c.input(2), mean, variance, c.grad(0)}, c.attrs(), 3);
    dx = grads[0];
    c.SetGrad(1, grads[1]);
    c.SetGrad(2, grads[2]);
  }
  // d mean / dx = 1 / M and d variance / dx = 2 (x - mean) / M.
  const Output rows = Rows(b, x, mean);
  if (c.has_grad(1)) add(BroadcastTo(b, Div(b, c.grad(1), rows), ShapeOf(b, x)));
  if (c.has_grad(2)) {
    const Output two = ScalarLike(b, 2, mean.dtype());
    const Output centred = Sub(b, Cast(b, x, mean.dtype()), mean);
    add(Mul(b, centred, Div(b, Mul(b, two, c.grad(2)), rows)));
  }
  c.SetGrad(0, dx);
  return absl::OkStatus();
}

const OpRegistration kBatchNorm({
    .name = "BatchNorm",
    .doc = "Channels with mean 0 and variance 1, scaled and shifted; their old mean and variance.",
    .inputs = {{"x", "T"}, {"scale", "wide T"}, {"offset", "wide T"}},
    .outputs = {{"y", "T"}, {"mean", "wide T"}, {"variance", "wide T"}},
    .attrs = {{"epsilon", AttrValue(1e-5)}, {"relu", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = [](ShapeContext& c) { return CheckChannels(c, 1, 3); },
    .gradient = BatchNormGradient,
});

const OpRegistration kBatchNormGrad({
    .name = "BatchNormGrad",
    .doc = "The gradients of BatchNorm in x, scale and offset.",
    .inputs = {{"x", "T"},
               {"scale", "wide T"},
               {"offset", "wide T"},
               {"mean", "wide T"},
               {"variance", "wide T"},
               {"dy", "T"}},
    .outputs = {{"dx", "T"}, {"d_scale", "wide T"}, {"d_offset", "wide T"}},
    .attrs = {{"epsilon", AttrValue(1e-5)}, {"relu", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(Annotate(c.input(0).Merge(c.input(5)).status(), "dy"));
      return CheckChannels(c, 1, 5);
    },
});

}  // namespace

BatchNormResult BatchNorm(BuilderRef b, Output x, Output scale, Output offset,
                          BatchNormOptions options) {
  const std::vector<Output> y = b.AddMany(
      "BatchNorm", {x, scale, offset}, {{"epsilon", options.epsilon}, {"relu", options.relu}}, 3);
  return {y[0], y[1], y[2]};
}

Output BatchNormInference(BuilderRef ref, Output x, Output scale, Output offset, Output mean,
                          Output variance, BatchNormOptions options) {
  const GraphBuilder b = ref.builder().At(ref.site());
  if (!x.valid() || !variance.valid()) return {};
  const Output deviation = Sqrt(b, Add(b, variance, ScalarLike(b, options.epsilon, scale.dtype())));
  const Output factor = Div(b, scale, deviation), shift = Sub(b, offset, Mul(b, mean, factor));
  const Output y = Add(b, Mul(b, Cast(b, x, scale.dtype()), factor), shift);
  return Cast(b, options.relu ? Relu(b, y) : y, x.dtype());
}

}  // namespace viv
