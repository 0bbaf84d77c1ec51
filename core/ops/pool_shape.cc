// The shapes and attributes of pooling ops.
#include "core/ops/pool_shape.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/tensor/window.h"

namespace viv {

std::vector<AttrDef> PoolAttrs(std::vector<AttrDef> others) {
  std::vector<AttrDef> attrs = {{"window", AttrType::kInts},
                                {"strides", AttrType::kInts},
                                AttrDef::OneOf("padding", {"valid", "same", "explicit"}),
                                {"pads", AttrValue(std::vector<int64_t>{0, 0, 0, 0})}};
  attrs.insert(attrs.end(), others.begin(), others.end());
  return attrs;
}

AttrMap PoolAttrValues(const Pool2DOptions& options) {
  constexpr const char* kPaddings[] = {"valid", "same", "explicit"};
  return {{"window", options.window},
          {"strides", options.strides},
          {"padding", kPaddings[static_cast<int>(options.padding.mode)]},
          {"pads", options.padding.pads}};
}

absl::StatusOr<PartialShape> PooledShape(const AttrMap& attrs, const PartialShape& x) {
  const std::vector<int64_t>&window = attrs.Ints("window"), &strides = attrs.Ints("strides"),
        &pads = attrs.Ints("pads");
  if (window.size() != 2 || strides.size() != 2 || pads.size() != 4) {
    return absl::InvalidArgumentError(absl::StrCat(window.size(), " extents, ", strides.size(),
                                                   " strides and ", pads.size(),
                                                   " paddings, not 2, 2 and 4"));
  }
  if (x.known_rank() && x.rank() != 4) {
    return absl::InvalidArgumentError(
        absl::StrCat(x.ToString(), " is no batch of images, [N, H, W, C]"));
  }
  PartialShape y = x.known_rank() ? x : PartialShape::OfRank(4);
  const bool given = attrs.String("padding") == "explicit";
  for (int i = 0; i < 2; ++i) {
    const int64_t before = pads[2 * i], after = pads[2 * i + 1];
    ASSIGN_OR_RETURN(const WindowAxis axis, MakeWindowAxis(x.dim(i + 1), window[i], strides[i], 1,
                                                           attrs.String("padding"), before, after));
    if (given && (before >= window[i] || after >= window[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          "paddings of ", before, " and ", after, " leave windows of ", window[i], " without x"));
    }
    if (x.dim(i + 1) == 0 && axis.count > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("windows without an element over ", x.ToString()));
    }
    y.set_dim(i + 1, axis.count);
  }
  return y;
}

}  // namespace viv
