// Windows on images.
#include "core/ops/window.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

// Beyond any use, and far from an overflow.
constexpr int64_t kMost = int64_t{1} << 20, kMostExtent = int64_t{1} << 40;

// The elements [first, first + 2) of a list attribute of `size`, each in [least, kMost].
absl::StatusOr<std::pair<int64_t, int64_t>> TwoOf(const AttrMap& attrs, const char* name,
                                                  size_t size, int first, int64_t least) {
  const std::vector<int64_t>& values = attrs.Ints(name);
  if (values.size() != size) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has ", values.size(), " elements, not ", size));
  }
  for (const int64_t v : values) {
    if (v >= least && v <= kMost) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(v, " in ", name, " is outside of [", least, ", ", kMost, "]"));
  }
  return std::make_pair(values[first], values[first + 1]);
}

}  // namespace

std::vector<AttrDef> WindowAttrs(std::vector<AttrDef> more) {
  std::vector<AttrDef> attrs = {{"strides", AttrValue(std::vector<int64_t>{1, 1})},
                                {"dilations", AttrValue(std::vector<int64_t>{1, 1})},
                                AttrDef::OneOf("padding", {"valid", "same", "explicit"}),
                                {"pads", AttrValue(std::vector<int64_t>{0, 0, 0, 0})}};
  for (AttrDef& attr : more) attrs.push_back(std::move(attr));
  return attrs;
}

AttrMap WindowValues(const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations,
                     const WindowPadding& padding) {
  constexpr const char* kNames[] = {"valid", "same", "explicit"};
  return {{"strides", strides},
          {"dilations", dilations},
          {"padding", kNames[static_cast<int>(padding.mode)]},
          {"pads", padding.pads}};
}

absl::StatusOr<int64_t> CountWindows(const AttrMap& attrs, int axis, int64_t image,
                                     int64_t window) {
  ASSIGN_OR_RETURN(const auto strides, TwoOf(attrs, "strides", 2, 0, 1));
  ASSIGN_OR_RETURN(const auto dilations, TwoOf(attrs, "dilations", 2, 0, 1));
  ASSIGN_OR_RETURN(const auto pads, TwoOf(attrs, "pads", 4, 2 * axis, 0));
  const int64_t stride = axis == 0 ? strides.first : strides.second;
  const int64_t dilation = axis == 0 ? dilations.first : dilations.second;
  if (image < 0 || window < 0) return -1;
  if (window == 0 || window > kMost || image > kMostExtent) {
    return absl::InvalidArgumentError(
        absl::StrCat("a window of extent ", window, " on an image of extent ", image));
  }
  const std::string& padding = attrs.String("padding");
  if (padding == "same") return (image + stride - 1) / stride;
  const int64_t padded = image + (padding == "explicit" ? pads.first + pads.second : 0);
  const int64_t reach = (window - 1) * dilation + 1;
  if (reach > padded) {
    return absl::InvalidArgumentError(
        absl::StrCat("a window that reaches over ", reach, " exceeds the image's ",
                     padding == "explicit" ? "padded " : "", "extent ", padded));
  }
  return (padded - reach) / stride + 1;
}

}  // namespace viv
