// Depthwise and transposed convolutions: other forms of Conv2D and of its gradient.
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/graph/builder.h"
#include "core/ops/array.h"
#include "core/ops/image.h"
#include "core/ops/math.h"
#include "core/ops/shape_vector.h"
#include "core/ops/window.h"

namespace viv {
namespace {

// Whether the tensor's shape is known from axis `from` on, of 4.
bool Knows(BuilderRef b, const char* what, Output x, const char* name, int from) {
  if (!x.valid()) return false;
  bool known = x.shape().known_rank() && x.shape().rank() == 4;
  for (int i = from; known && i < 4; ++i) known = x.shape().dim(i) >= 0;
  if (!known) {
    b.SetError(absl::InvalidArgumentError(absl::StrCat(what, ": the ", name, "'s shape ",
                                                       x.shape().ToString(), " must be of rank 4",
                                                       from == 3   ? " and a known depth"
                                                       : from == 0 ? " and known"
                                                                   : "")));
  }
  return known;
}

// The extent of the image along `axis` of which there are x.shape[1 + axis] windows, whose first
// reaches over `reach`, without the padding.
Extent ImageExtent(BuilderRef b, Output x, int axis, const Conv2DOptions& options, int64_t reach) {
  const std::vector<int64_t>& pads = options.padding.pads;
  const int64_t stride = options.strides[axis];
  const bool same = options.padding.mode == WindowPadding::Mode::kSame;
  int64_t rest = same ? 0 : reach - stride;
  if (options.padding.mode == WindowPadding::Mode::kExplicit) {
    rest -= pads[2 * axis] + pads[2 * axis + 1];
  }
  const int64_t windows = x.shape().dim(1 + axis);
  if (windows >= 0) return windows * stride + rest;
  const GraphBuilder at = b.builder().At(b.site());
  return Add(at, Mul(at, DimOf(at, x, 1 + axis), Const(at, stride)), Const(at, rest));
}

}  // namespace

Output DepthwiseConv2D(BuilderRef b, Output x, Output filter, Conv2DOptions options) {
  if (!Knows(b, "DepthwiseConv2D", x, "image", 3)) return {};
  if (!Knows(b, "DepthwiseConv2D", filter, "filter", 0)) return {};
  const PartialShape& f = filter.shape();
  if (f.dim(2) != x.shape().dim(3)) {
    b.SetError(absl::InvalidArgumentError(absl::StrCat("DepthwiseConv2D: filter depth ", f.dim(2),
                                                       ", input depth ", x.shape().dim(3))));
    return {};
  }
  const GraphBuilder at = b.builder().At(b.site());
  options.groups = f.dim(2);
  return Conv2D(at, x, Reshape(at, filter, {f.dim(0), f.dim(1), 1, f.dim(2) * f.dim(3)}), options);
}

Output Conv2DTranspose(BuilderRef b, Output x, Output filter, const Conv2DOptions& options,
                       const std::vector<int64_t>& extents) {
  if (!Knows(b, "Conv2DTranspose", x, "image", 4)) return {};
  if (!Knows(b, "Conv2DTranspose", filter, "filter", 0)) return {};
  AttrMap attrs = WindowValues(options.strides, options.dilations, options.padding);
  attrs.Set("groups", options.groups);
  const PartialShape& f = filter.shape();
  ShapeVector shape = {Extent(x, 0)};
  for (const int axis : {0, 1}) {
    // For the attributes' sake: of any image they may be wrong.
    const absl::StatusOr<int64_t> checked = CountWindows(attrs, axis, -1, f.dim(axis));
    if (!checked.ok() || (!extents.empty() && extents.size() != 2)) {
      b.SetError(checked.ok() ? absl::InvalidArgumentError("Conv2DTranspose: extents are {H, W}")
                              : checked.status());
      return {};
    }
    const int64_t reach = (f.dim(axis) - 1) * options.dilations[axis] + 1;
    shape.push_back(extents.empty() ? ImageExtent(b, x, axis, options, reach)
                                    : Extent(extents[axis]));
  }
  shape.emplace_back(f.dim(2) * options.groups);
  const GraphBuilder at = b.builder().At(b.site());
  return BuilderRef(at).Add("Conv2DBackwardInput", {x, filter, ShapeOutput(at, shape)},
                            std::move(attrs));
}

}  // namespace viv
