// OneHot, Range and SequenceMask: tensors made of indices. Nothing flows back through them.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

const OpRegistration kOneHot({
    .name = "OneHot",
    .doc = "Rows that are `on` at an index and `off` elsewhere, both converted as Cast does.",
    .inputs = {{"indices", "I"}},
    .outputs = {{"y", "dtype"}},
    .attrs = {{"depth", AttrType::kInt},
              {"dtype", AttrType::kType},
              {"on", AttrValue(1.0)},
              {"off", AttrValue(0.0)}},
    .types = {{"I", kIndexTypes}, {"dtype", kNumberOrBool}},
    .shape = [](ShapeContext& c) -> absl::Status {
      const int64_t depth = c.attrs().Int("depth");
      RETURN_IF_ERROR(Annotate(Shape::Checked({depth}).status(), "depth"));
      if (!c.input(0).known_rank()) return absl::OkStatus();
      PartialShape y = c.input(0);
      y.Append(depth);
      c.set_output(0, y);
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
});

const OpRegistration kSequenceMask({
    .name = "SequenceMask",
    .doc = "Rows that are 1 before a length, then 0.",
    .inputs = {{"lengths", "I"}, {.name = "length", .type = kInt64, .host = true}},
    .outputs = {{"y", "dtype"}},
    .attrs = {{"dtype", AttrType::kType}},
    .types = {{"I", kIndexTypes}, {"dtype", kNumberOrBool}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 1, 0));
      const Tensor* length = c.ConstantValue(1);
      if (length != nullptr) {
        RETURN_IF_ERROR(Annotate(Shape::Checked({length->ElementAsInt(0)}).status(), "length"));
      }
      if (!c.input(0).known_rank()) return absl::OkStatus();
      PartialShape y = c.input(0);
      y.Append(length == nullptr ? PartialShape::kUnknown : length->ElementAsInt(0));
      c.set_output(0, y);
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
});

absl::Status RangeShape(ShapeContext& c) {
  const Tensor* values[3];
  bool known = true;
  for (int i = 0; i < 3; ++i) {
    RETURN_IF_ERROR(WithRank(c, i, 0));
    values[i] = c.ConstantValue(i);
    known = known && values[i] != nullptr;
  }
  c.set_output(0, PartialShape::OfRank(1));
  if (!known) return absl::OkStatus();
  const double start = values[0]->ElementAsDouble(0), limit = values[1]->ElementAsDouble(0);
  const double step = values[2]->ElementAsDouble(0);
  const double count = std::ceil((limit - start) / step);
  if (step == 0 || !(count < 0x1p53)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no range from ", start, " to ", limit, " in steps of ", step));
  }
  c.set_output(0, {static_cast<int64_t>(std::max(count, 0.0))});
  return absl::OkStatus();
}

const OpRegistration kRange({
    .name = "Range",
    .doc = "start, start + step, ... before limit.",
    .inputs = {{.name = "start", .type = "T", .host = true},
               {.name = "limit", .type = "T", .host = true},
               {.name = "step", .type = "T", .host = true}},
    .outputs = {{"y", "T"}},
    .types = {{"T", {kFloat, kDouble, kInt32, kInt64}}},
    .shape = RangeShape,
    .gradient = NotDifferentiable(),
});

}  // namespace

Output OneHot(BuilderRef b, Output indices, int64_t depth, DType dtype, double on, double off) {
  return b.Add("OneHot", {indices}, {{"depth", depth}, {"dtype", dtype}, {"on", on}, {"off", off}});
}
Output SequenceMask(BuilderRef b, Output lengths, Output length, DType dtype) {
  return b.Add("SequenceMask", {lengths, length}, {{"dtype", dtype}});
}
Output Range(BuilderRef b, Output start, Output limit, Output step) {
  return b.Add("Range", {start, limit, step});
}
Output Range(BuilderRef b, Output n) {
  return Range(b, Const(b, int64_t{0}), n, Const(b, int64_t{1}));
}
Output Eye(BuilderRef b, int64_t n, DType dtype) {
  return OneHot(b, Range(b, Const(b, n)), n, dtype);
}

}  // namespace viv
