// TopK, ArgSort and Sort: by the indices of the elements in order. The values are gathered, which
// is where their gradient comes from.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// Along the last axis; k: how many indices of the order are wanted, -1: all.
const OpRegistration kOrder({
    .name = "Order",
    .doc = "The indices of the first k elements in order along the last axis.",
    .inputs = {{"x", "T"}},
    .outputs = {{"indices", kInt64}},
    .attrs = {{"k", AttrValue(-1)}, {"descending", AttrValue(false)}},
    .types = {{"T", kNumberOrBool}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRankAtLeast(c, 0, 1));
      const int64_t k = c.attrs().Int("k");
      if (k < -1) return absl::InvalidArgumentError(absl::StrCat("asks for ", k, " elements"));
      if (!c.input(0).known_rank()) return absl::OkStatus();
      PartialShape y = c.input(0);
      const int64_t extent = y.dim(y.rank() - 1);
      if (extent >= 0 && k > extent) {
        return absl::InvalidArgumentError(
            absl::StrCat("asks for ", k, " of the ", extent, " elements of a row"));
      }
      if (k >= 0) y.set_dim(y.rank() - 1, k);
      c.set_output(0, y);
      return absl::OkStatus();
    },
    .gradient = NotDifferentiable(),
});

}  // namespace

TopKResult TopK(BuilderRef b, Output x, int64_t k, bool largest) {
  if (k < 0) {
    b.SetError(absl::InvalidArgumentError(absl::StrCat("TopK: asks for ", k, " elements")));
    return {};
  }
  const Output indices = b.Add("Order", {x}, {{"k", k}, {"descending", largest}});
  return {GatherElements(b, x, indices, -1), indices};
}

Output ArgSort(BuilderRef b, Output x, int64_t axis, bool descending) {
  if (!x.valid()) return {};
  const int rank = x.shape().rank();
  const absl::StatusOr<int> k = NormalizeAxis(axis, rank);
  if (!k.ok()) {
    b.SetError(Annotate(k.status(), "ArgSort"));
    return {};
  }
  const AttrMap attrs = {{"descending", descending}};
  if (*k == rank - 1) return b.Add("Order", {x}, attrs);
  std::vector<int64_t> swap(rank);
  for (int i = 0; i < rank; ++i) swap[i] = i;
  std::swap(swap[*k], swap[rank - 1]);
  return Transpose(b, b.Add("Order", {Transpose(b, x, swap)}, attrs), swap);
}

Output Sort(BuilderRef b, Output x, int64_t axis, bool descending) {
  return GatherElements(b, x, ArgSort(b, x, axis, descending), axis);
}

}  // namespace viv
