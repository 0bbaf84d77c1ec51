// Shapes of convolutions.
#include "core/ops/convolution_shape.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/window.h"

namespace viv {

std::vector<AttrDef> ConvolutionAttrs(std::vector<AttrDef> more) {
  more.insert(more.begin(), {"groups", AttrValue(int64_t{1})});
  return WindowAttrs(std::move(more));
}

absl::StatusOr<PartialShape> WithRank4(const PartialShape& shape, const char* what) {
  if (!shape.known_rank()) return PartialShape::OfRank(4);
  if (shape.rank() == 4) return shape;
  return absl::InvalidArgumentError(absl::StrCat("the ", what, "'s shape ", shape.ToString(),
                                                 " has rank ", shape.rank(), ", not 4"));
}

absl::StatusOr<PartialShape> ConvolvedShape(const AttrMap& attrs, const PartialShape& image,
                                            const PartialShape& filter) {
  ASSIGN_OR_RETURN(const PartialShape x, WithRank4(image, "image"));
  ASSIGN_OR_RETURN(const PartialShape f, WithRank4(filter, "filter"));
  const int64_t groups = attrs.Int("groups"), c = x.dim(3), depth = f.dim(2), k = f.dim(3);
  if (groups < 1 || groups > (int64_t{1} << 20)) {
    return absl::InvalidArgumentError(absl::StrCat(groups, " groups"));
  }
  if (c >= 0 && depth >= 0 && (c % groups != 0 || c / groups != depth)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "filter depth ", depth, groups == 1 ? "" : absl::StrCat(" in ", groups, " groups"),
        ", input depth ", c));
  }
  if (k >= 0 && k % groups != 0) {
    return absl::InvalidArgumentError(absl::StrCat(k, " filters in ", groups, " groups"));
  }
  PartialShape y = {x.dim(0), -1, -1, k};
  for (const int axis : {0, 1}) {
    ASSIGN_OR_RETURN(const int64_t n, CountWindows(attrs, axis, x.dim(1 + axis), f.dim(axis)));
    y.set_dim(1 + axis, n);
  }
  return y;
}

absl::Status FusedConvolutionShape(ShapeContext& c) {
  ASSIGN_OR_RETURN(PartialShape y, ConvolvedShape(c.attrs(), c.input(0), c.input(1)));
  if (c.num_inputs() > 4) return absl::InvalidArgumentError("takes at most one factor");
  for (int i = 2; i < c.num_inputs(); ++i) {
    const PartialShape channels{y.dim(3)};
    RETURN_IF_ERROR(
        Annotate(channels.Merge(c.input(i)).status(), i == 2 ? "the shift" : "the factor"));
  }
  c.set_output(0, std::move(y));
  return absl::OkStatus();
}

}  // namespace viv
