// Slice: y = x[begin:end:step, ...] as in NumPy, and SliceGrad, its transpose, which puts a slice
// between zeros. Reverse is a slice with step -1.
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/tensor/slice_range.h"

namespace viv {
namespace {

constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
constexpr int64_t kLast = std::numeric_limits<int64_t>::max();

// The shape of x[begins:ends:steps].
absl::StatusOr<PartialShape> Sliced(const AttrMap& attrs, PartialShape x) {
  const std::vector<int64_t>& begins = attrs.Ints("begins");
  const std::vector<int64_t>& ends = attrs.Ints("ends");
  const std::vector<int64_t>& steps = attrs.Ints("steps");
  if (begins.size() != ends.size() || begins.size() != steps.size()) {
    return absl::InvalidArgumentError("'begins', 'ends' and 'steps' differ in length");
  }
  for (const int64_t step : steps) {
    if (step == 0 || step == kFirst) {
      return absl::InvalidArgumentError(absl::StrCat("a step of ", step));
    }
  }
  if (!x.known_rank()) return PartialShape();
  if (begins.size() > static_cast<size_t>(x.rank())) {
    return absl::InvalidArgumentError(
        absl::StrCat(begins.size(), " ranges for ", x.ToString(), " of rank ", x.rank()));
  }
  for (size_t i = 0; i < begins.size(); ++i) {
    const int axis = static_cast<int>(i);
    const bool whole = steps[i] == 1 && begins[i] == kFirst && ends[i] == kLast;
    if (x.dim(axis) < 0 || whole) continue;
    x.set_dim(axis, ResolveSlice(begins[i], ends[i], steps[i], x.dim(axis)).count);
  }
  // Along an unknown extent the result's is unknown too: the places may lie outside.
  return x;
}

AttrMap Ranges(const AttrMap& attrs) {
  return {{"begins", attrs.Ints("begins")},
          {"ends", attrs.Ints("ends")},
          {"steps", attrs.Ints("steps")}};
}

const std::vector<AttrDef> kRanges = {
    {"begins", AttrType::kInts}, {"ends", AttrType::kInts}, {"steps", AttrType::kInts}};

const OpRegistration kSlice({
    .name = "Slice",
    .doc = "x[begin:end:step] along the leading axes.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = kRanges,
    .types = {{"T", kAllTypes}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, Sliced(c.attrs(), c.input(0)));
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          const GraphBuilder& b = c.builder();
          c.SetGrad(0, BuilderRef(b).Add("SliceGrad", {c.grad(), ShapeOf(b, c.input(0))},
                                         Ranges(c.attrs())));
          return absl::OkStatus();
        },
});

const OpRegistration kSliceGrad({
    .name = "SliceGrad",
    .doc = "Zeros of a shape with dy at the places of a slice.",
    .inputs = {{"dy", "T"}, {.name = "shape", .type = kInt64, .host = true}},
    .outputs = {{"dx", "T"}},
    .attrs = kRanges,
    .types = {{"T", kNumberOrBool}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const PartialShape x, c.ConstantAsShape(1));
      ASSIGN_OR_RETURN(const PartialShape y, Sliced(c.attrs(), x));
      RETURN_IF_ERROR(Annotate(y.Merge(c.input(0)).status(), "the slice"));
      c.set_output(0, x);
      return absl::OkStatus();
    },
    .gradient =
        [](GradientContext& c) {
          c.SetGrad(0, BuilderRef(c.builder()).Add("Slice", {c.grad()}, Ranges(c.attrs())));
          return absl::OkStatus();
        },
});

}  // namespace

Output Slice(BuilderRef b, Output x, const std::vector<SliceRange>& ranges) {
  std::vector<int64_t> begins, ends, steps;
  for (const SliceRange& range : ranges) {
    const bool forward = range.step > 0;
    begins.push_back(range.begin.value_or(forward ? kFirst : kLast));
    ends.push_back(range.end.value_or(forward ? kLast : kFirst));
    steps.push_back(range.step);
  }
  return b.Add("Slice", {x}, {{"begins", begins}, {"ends", ends}, {"steps", steps}});
}

Output Reverse(BuilderRef b, Output x, const std::vector<int64_t>& axes) {
  if (!x.valid()) return x;
  if (!x.shape().known_rank()) {
    b.SetError(absl::InvalidArgumentError("Reverse: the rank of x is unknown: declare it"));
    return {};
  }
  std::vector<SliceRange> ranges(x.shape().rank());
  for (const int64_t axis : axes) {
    const absl::StatusOr<int> k = NormalizeAxis(axis, x.shape().rank());
    if (!k.ok()) {
      b.SetError(Annotate(k.status(), "Reverse"));
      return {};
    }
    ranges[*k].step = -1;
  }
  return Slice(b, x, ranges);
}

}  // namespace viv
