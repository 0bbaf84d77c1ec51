// Resize2D: images [N, H, W, C] brought to other extents, by the nearest place or by linear
// interpolation between the two nearest along each axis. Place i of n comes from place s of m:
//   centres:         s = (i + 1/2) m / n - 1/2, moved into the image;
//   aligned corners: s = i (m - 1) / (n - 1), and 0 where n is 1.
// Linear in x: Resize2DGrad, its transpose, adds each element of dy to the places it came from.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/image.h"

namespace viv {
namespace {

// The shape of Resize2D(x).
absl::StatusOr<PartialShape> Resized(const AttrMap& attrs, const PartialShape& x) {
  const std::vector<int64_t>& size = attrs.Ints("size");
  if (size.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("size has ", size.size(), " elements: a height and a width"));
  }
  if (x.known_rank() && x.rank() != 4) {
    return absl::InvalidArgumentError(
        absl::StrCat(x.ToString(), " is no batch of images, [N, H, W, C]"));
  }
  PartialShape y = x.known_rank() ? x : PartialShape::OfRank(4);
  for (int i = 0; i < 2; ++i) {
    if (size[i] < 0 || size[i] > (int64_t{1} << 24)) {
      return absl::InvalidArgumentError(absl::StrCat("an extent of ", size[i]));
    }
    if (x.known_rank() && x.dim(1 + i) == 0 && size[i] > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("an extent of 0 cannot become one of ", size[i]));
    }
    y.set_dim(1 + i, size[i]);
  }
  return y;
}

std::vector<AttrDef> Attrs() {
  return {{"size", AttrType::kInts},
          AttrDef::OneOf("method", {"bilinear", "nearest"}),
          {"align_corners", AttrValue(false)}};
}
const std::vector<TypeVariable> kTypes = {{"T", {kFloat, kDouble}}};

const OpRegistration kResize({
    .name = "Resize2D",
    .doc = "Images of other extents.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = Attrs(),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, Resized(c.attrs(), c.input(0)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(
              0, BuilderRef(b).Add("Resize2DGrad", {c.grad(), ShapeOf(b, c.input(0))}, c.attrs()));
          return absl::OkStatus();
        },
});

const OpRegistration kResizeGrad({
    .name = "Resize2DGrad",
    .doc = "The gradient of Resize2D in an x of this shape.",
    .inputs = {{"dy", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"dx", "T"}},
    .attrs = Attrs(),
    .types = kTypes,
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape x, c.ConstantAsShape(1));
      ASSIGN_OR_RETURN(const PartialShape y, Resized(c.attrs(), x));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(0)).status(), "dy"));
      c.set_output(0, x);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BuilderRef(c.builder()).Add("Resize2D", {c.grad()}, c.attrs()));
          return absl::OkStatus();
        },
});

Output Resize(BuilderRef b, Output x, const char* method, int64_t height, int64_t width,
              bool align_corners) {
  return b.Add("Resize2D", {x},
               {{"size", std::vector<int64_t>{height, width}},
                {"method", method},
                {"align_corners", align_corners}});
}

}  // namespace

Output ResizeBilinear(BuilderRef b, Output x, int64_t height, int64_t width, bool align_corners) {
  return Resize(b, x, "bilinear", height, width, align_corners);
}

Output ResizeNearest(BuilderRef b, Output x, int64_t height, int64_t width, bool align_corners) {
  return Resize(b, x, "nearest", height, width, align_corners);
}

}  // namespace viv
