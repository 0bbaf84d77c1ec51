// Conv2D: y[n, i, j, k] = sum over a, b, c of x[n, i s + a d - p, j s + b d - p, c] f[a, b, c, k],
// with strides s, dilations d and zeros around x (p before it); of `groups` equal parts of the
// channels each makes a part of those of y. And its transposes: Conv2DBackwardInput gives the x,
// Conv2DBackwardFilter the f of which y was made, if y is a gradient. All three are linear in both
// inputs: the gradients of each are the other two.
//
// `range` is no part of the formula: how large the elements of x get, none of which is negative, as
// a RangeRecorder saw it (core/passes/range_recorder.h), or 0.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/convolution_shape.h"
#include "core/ops/image.h"
#include "core/ops/window.h"

namespace viv {
namespace {

// Without what only Conv2D has.
AttrMap Geometry(const AttrMap& attrs) {
  AttrMap geometry;
  for (const char* name : {"strides", "dilations", "pads"}) geometry.Set(name, attrs.Ints(name));
  geometry.Set("padding", attrs.String("padding"));
  geometry.Set("groups", attrs.Int("groups"));
  return geometry;
}
Output Sized(GradientContext& c, const char* op, Output a, Output b, Output like) {
  const GraphBuilder& builder = c.builder();
  return BuilderRef(builder).Add(op, {a, b, ShapeOf(builder, like)}, Geometry(c.attrs()));
}
Output BackwardInput(GradientContext& c, Output dy, Output filter, Output x) {
  return Sized(c, "Conv2DBackwardInput", dy, filter, x);
}
Output BackwardFilter(GradientContext& c, Output x, Output dy, Output filter) {
  return Sized(c, "Conv2DBackwardFilter", x, dy, filter);
}
Output Forward(GradientContext& c, Output x, Output filter) {
  return BuilderRef(c.builder()).Add("Conv2D", {x, filter}, c.attrs());
}

const std::vector<TypeVariable> kTypes = {{"T", {kFloat, kDouble, kBFloat16}}};

const OpRegistration kConv2D({
    .name = "Conv2D",
    .doc = "The convolutions of images with filters.",
    .inputs = {{"x", "T"}, {"filter", "wide T"}},
    .outputs = {{"y", "T"}},
    .attrs = ConvolutionAttrs({{"range", AttrValue(0.0)}}),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, ConvolvedShape(c.attrs(), c.input(0), c.input(1)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const Output x = c.input(0), filter = c.input(1);
          if (c.needed(0)) c.SetGrad(0, BackwardInput(c, c.grad(), filter, x));
          if (c.needed(1)) c.SetGrad(1, BackwardFilter(c, x, c.grad(), filter));
          return absl::OkStatus();
        },
});

const OpRegistration kBackwardInput({
    .name = "Conv2DBackwardInput",
    .doc = "The gradient of Conv2D in its images, of this shape.",
    .inputs = {{"dy", "T"}, {"filter", "wide T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"dx", "T"}},
    .attrs = ConvolutionAttrs(),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(2));
      ASSIGN_OR_RETURN(PartialShape x, WithRank4(shape, "image"));
      ASSIGN_OR_RETURN(const PartialShape y, ConvolvedShape(c.attrs(), x, c.input(1)));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(0)).status(), "dy"));
      c.set_output(0, std::move(x));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const Output dy = c.input(0), filter = c.input(1);
          if (c.needed(0)) c.SetGrad(0, Forward(c, c.grad(), filter));
          if (c.needed(1)) c.SetGrad(1, BackwardFilter(c, c.grad(), dy, filter));
          return absl::OkStatus();
        },
});

const OpRegistration kBackwardFilter({
    .name = "Conv2DBackwardFilter",
    .doc = "The gradient of Conv2D in its filters, of this shape.",
    .inputs = {{"x", "T"}, {"dy", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"filter", "wide T"}},
    .attrs = ConvolutionAttrs(),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape shape, c.ConstantAsShape(2));
      ASSIGN_OR_RETURN(PartialShape filter, WithRank4(shape, "filter"));
      ASSIGN_OR_RETURN(const PartialShape y, ConvolvedShape(c.attrs(), c.input(0), filter));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(1)).status(), "dy"));
      c.set_output(0, std::move(filter));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const Output x = c.input(0), dy = c.input(1);
          if (c.needed(0)) c.SetGrad(0, BackwardInput(c, dy, c.grad(), x));
          if (c.needed(1)) c.SetGrad(1, Forward(c, x, c.grad()));
          return absl::OkStatus();
        },
});

}  // namespace

Output Conv2D(BuilderRef b, Output x, Output filter, const Conv2DOptions& options) {
  AttrMap attrs = WindowValues(options.strides, options.dilations, options.padding);
  attrs.Set("groups", options.groups);
  return b.Add("Conv2D", {x, filter}, std::move(attrs));
}

}  // namespace viv
