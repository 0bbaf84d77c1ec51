// AvgPool2D: the mean of each window over [N, H, W, C], and its transpose, AvgPool2DGrad: every
// window spreads dy evenly over its places. Padding counts only with `count_padding`, as
// zeros.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/pool_shape.h"

namespace viv {
namespace {

const std::vector<TypeVariable> kTypes = {{"T", {kFloat, kDouble, kBFloat16}}};

const OpRegistration kAvgPool({
    .name = "AvgPool2D",
    .doc = "The mean of each window.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = PoolAttrs({{"count_padding", AttrValue(false)}}),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, PooledShape(c.attrs(), c.input(0)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(
              0, BuilderRef(b).Add("AvgPool2DGrad", {c.grad(), ShapeOf(b, c.input(0))}, c.attrs()));
          return absl::OkStatus();
        },
});

const OpRegistration kAvgPoolGrad({
    .name = "AvgPool2DGrad",
    .doc = "The gradient of AvgPool2D in an x of this shape.",
    .inputs = {{"dy", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"dx", "T"}},
    .attrs = PoolAttrs({{"count_padding", AttrValue(false)}}),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape x, c.ConstantAsShape(1));
      ASSIGN_OR_RETURN(const PartialShape y, PooledShape(c.attrs(), x));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(0)).status(), "dy"));
      c.set_output(0, x);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BuilderRef(c.builder()).Add("AvgPool2D", {c.grad()}, c.attrs()));
          return absl::OkStatus();
        },
});

}  // namespace

Output AvgPool2D(BuilderRef b, Output x, const Pool2DOptions& options) {
  AttrMap attrs = PoolAttrValues(options);
  attrs.Set("count_padding", options.count_padding);
  return b.Add("AvgPool2D", {x}, attrs);
}

Output GlobalAvgPool2D(BuilderRef b, Output x) { return Mean(b, x, {1, 2}); }

}  // namespace viv
