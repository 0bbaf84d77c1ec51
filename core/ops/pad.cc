// Pad: more elements around x, and PadGrad, its transpose (for the value 0): what was copied to
// several places is summed up.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// The shape of Pad(x).
absl::StatusOr<PartialShape> Padded(const AttrMap& attrs, PartialShape x) {
  const std::vector<int64_t>& paddings = attrs.Ints("paddings");
  const std::string& mode = attrs.String("mode");
  for (const int64_t p : paddings) {
    if (p < 0 || p > (int64_t{1} << 40)) {
      return absl::InvalidArgumentError(absl::StrCat("a padding of ", p));
    }
  }
  if (!x.known_rank()) return PartialShape();
  if (paddings.size() != 2 * static_cast<size_t>(x.rank())) {
    return absl::InvalidArgumentError(
        absl::StrCat(paddings.size(), " paddings for ", x.ToString(), " of rank ", x.rank()));
  }
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t before = paddings[2 * i], after = paddings[2 * i + 1], extent = x.dim(i);
    if (extent < 0) continue;
    // How many elements the mode can give.
    const int64_t most = mode == "constant" || (mode == "edge" && extent > 0) ? before + after
                         : mode == "edge"                                     ? 0
                         : mode == "reflect" ? std::max<int64_t>(0, extent - 1)
                                             : extent;
    if (before > most || after > most) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", mode, "' cannot pad extent ", extent, " by ", before, " and ", after));
    }
    x.set_dim(i, before + extent + after);
  }
  return x;
}

AttrDef Mode() { return AttrDef::OneOf("mode", {"constant", "edge", "reflect", "symmetric"}); }

AttrMap GradAttrs(const AttrMap& attrs) {
  return {{"paddings", attrs.Ints("paddings")}, {"mode", attrs.String("mode")}};
}

const OpRegistration kPad({
    .name = "Pad",
    .doc = "x with more elements around it.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"paddings", AttrType::kInts}, Mode(), {"value", AttrValue(0.0)}},
    .types = {{"T", kNumberOrBool}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, Padded(c.attrs(), c.input(0)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(0, BuilderRef(b).Add("PadGrad", {c.grad(), ShapeOf(b, c.input(0))},
                                         GradAttrs(c.attrs())));
          return absl::OkStatus();
        },
});

const OpRegistration kPadGrad({
    .name = "PadGrad",
    .doc = "The sums of what Pad made of each element.",
    .inputs = {{"dy", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"dx", "T"}},
    .attrs = {{"paddings", AttrType::kInts}, Mode()},
    .types = {{"T", kFloatingTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape x, c.ConstantAsShape(1));
      ASSIGN_OR_RETURN(const PartialShape y, Padded(c.attrs(), x));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(0)).status(), "dy"));
      c.set_output(0, x);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          AttrMap attrs = GradAttrs(c.attrs());
          attrs.Set("value", 0.0);
          c.SetGrad(0, BuilderRef(c.builder()).Add("Pad", {c.grad()}, attrs));
          return absl::OkStatus();
        },
});

}  // namespace

Output Pad(BuilderRef b, Output x, const std::vector<Padding>& paddings, PadMode mode,
           double value) {
  constexpr const char* kNames[] = {"constant", "edge", "reflect", "symmetric"};
  std::vector<int64_t> extents;
  for (const Padding& p : paddings) {
    extents.push_back(p.before);
    extents.push_back(p.after);
  }
  return b.Add("Pad", {x},
               {{"paddings", extents}, {"mode", kNames[static_cast<int>(mode)]}, {"value", value}});
}

}  // namespace viv
