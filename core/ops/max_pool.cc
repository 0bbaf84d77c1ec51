// MaxPool2D: the greatest element of each window over [N, H, W, C]; padding does not count.
// MaxPool2DGrad adds dy at the places where they were found, MaxPool2DPick takes x there: each is
// the other's transpose.
//
// The places are numbered row by row through the window, one byte each. They are kept only where
// somebody differentiates.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/ops/array.h"
#include "core/ops/pool_shape.h"

namespace viv {
namespace {

absl::StatusOr<PartialShape> MaxPooledShape(const AttrMap& attrs, const PartialShape& x) {
  ASSIGN_OR_RETURN(PartialShape y, PooledShape(attrs, x));
  const std::vector<int64_t>& window = attrs.Ints("window");
  if (window[0] * window[1] > 256) {
    return absl::InvalidArgumentError(
        absl::StrCat("a window of ", window[0], " x ", window[1], " elements, more than 256"));
  }
  return y;
}

// Without what only MaxPool2D has.
AttrMap WindowAttrs(const AttrMap& attrs) {
  AttrMap window;
  for (const char* name : {"window", "strides", "pads"}) window.Set(name, attrs.Ints(name));
  window.Set("padding", attrs.String("padding"));
  return window;
}

const std::vector<TypeVariable> kTypes = {{"T", {kFloat, kDouble, kBFloat16}}};

const OpRegistration kMaxPool({
    .name = "MaxPool2D",
    .doc = "The greatest element of each window, and with `index` where in the window it is.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}, {"index", kUInt8}},
    .attrs = PoolAttrs({{"index", AttrValue(false)}}),
    .types = {{"T", {kFloat, kDouble, kBFloat16, kUInt8}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape y, MaxPooledShape(c.attrs(), c.input(0)));
      c.set_output(0, y);
      c.set_output(1, c.attrs().Bool("index") ? y : PartialShape{0});
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.mutable_node().set_attr("index", true);
          c.mutable_node().set_output_shape(1, c.output(0).shape());
          const GraphBuilder& b = c.builder();
          c.SetGrad(
              0, BuilderRef(b).Add("MaxPool2DGrad", {c.grad(), c.output(1), ShapeOf(b, c.input(0))},
                                   WindowAttrs(c.attrs())));
          return absl::OkStatus();
        },
});

const OpRegistration kMaxPoolGrad({
    .name = "MaxPool2DGrad",
    .doc = "dy at the places of a `shape` that MaxPool2D found; 0 elsewhere.",
    .inputs = {{"dy", "T"}, {"index", kUInt8}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"dx", "T"}},
    .attrs = PoolAttrs(),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape x, c.ConstantAsShape(2));
      ASSIGN_OR_RETURN(const PartialShape y, MaxPooledShape(c.attrs(), x));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(0)).status(), "dy"));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(1)).status(), "the index"));
      c.set_output(0, x);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BuilderRef(c.builder())
                           .Add("MaxPool2DPick", {c.grad(), c.input(1)}, WindowAttrs(c.attrs())));
          return absl::OkStatus();
        },
});

const OpRegistration kMaxPoolPick({
    .name = "MaxPool2DPick",
    .doc = "x at the places that MaxPool2D found in something else.",
    .inputs = {{"x", "T"}, {"index", kUInt8}},
    .outputs = {{"y", "T"}},
    .attrs = PoolAttrs(),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, MaxPooledShape(c.attrs(), c.input(0)));
      absl::StatusOr<PartialShape> merged = y.Merge(c.input(1));
      RETURN_IF_ERROR(Annotate(merged.status(), "the index"));
      c.set_output(0, *std::move(merged));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(
              0, BuilderRef(b).Add("MaxPool2DGrad", {c.grad(), c.input(1), ShapeOf(b, c.input(0))},
                                   WindowAttrs(c.attrs())));
          return absl::OkStatus();
        },
});

}  // namespace

Output MaxPool2D(BuilderRef b, Output x, const Pool2DOptions& options) {
  return b.Add("MaxPool2D", {x}, PoolAttrValues(options));
}

}  // namespace viv
