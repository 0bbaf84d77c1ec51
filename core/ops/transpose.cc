// Transpose: y.dim(i) = x.dim(perm[i]).
#include "absl/strings/str_cat.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"

namespace viv {
namespace {

absl::Status TransposeShape(ShapeContext& c) {
  const std::vector<int64_t>& perm = c.attrs().Ints("perm");
  const int rank = static_cast<int>(perm.size());
  if (absl::Status s = WithRank(c, 0, rank); !s.ok()) return s;
  std::vector<bool> seen(rank, false);
  PartialShape y = PartialShape::OfRank(rank);
  for (int i = 0; i < rank; ++i) {
    if (perm[i] < 0 || perm[i] >= rank || seen[perm[i]]) {
      return absl::InvalidArgumentError(
          absl::StrCat("'perm' is no permutation of 0 to ", rank - 1));
    }
    seen[perm[i]] = true;
    y.set_dim(i, c.input(0).dim(static_cast<int>(perm[i])));
  }
  c.set_output(0, y);
  return absl::OkStatus();
}

const OpRegistration kTranspose({
    .name = "Transpose",
    .doc = "Dimensions in another order.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"perm", AttrType::kInts}},
    .types = {{"T", kAllTypes}},
    .shape = TransposeShape,
    .gradient =
        [](GradientContext& c) {
          const std::vector<int64_t>& perm = c.attrs().Ints("perm");
          std::vector<int64_t> inverse(perm.size());
          for (size_t i = 0; i < perm.size(); ++i) inverse[perm[i]] = static_cast<int64_t>(i);
          c.SetGrad(0, Transpose(c.builder(), c.grad(), inverse));
          return absl::OkStatus();
        },
});

}  // namespace

Output Transpose(BuilderRef b, Output x, const std::vector<int64_t>& perm) {
  return b.Add("Transpose", {x}, {{"perm", perm}});
}

}  // namespace viv
