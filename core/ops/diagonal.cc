// Diag, DiagPart, BandPart and CausalMask: what depends on the place of an element in its matrix.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/shape_vector.h"

namespace viv {
namespace {

bool IsOfRank(BuilderRef b, const char* what, Output x, int rank) {
  if (!x.valid() || x.shape().rank() >= rank) return x.valid();
  b.SetError(absl::InvalidArgumentError(
      absl::StrCat(what, ": ", x.shape().ToString(), " is not of known rank ", rank, " or more")));
  return false;
}

// Column minus row of each element of a matrix: int64 [rows, columns].
Output DiagonalOf(const GraphBuilder& b, Output rows, Output columns) {
  return Sub(b, Range(b, columns), ExpandDims(b, Range(b, rows), 1));
}

}  // namespace

Output Diag(BuilderRef b, Output x) {
  if (!IsOfRank(b, "Diag", x, 1)) return {};
  const GraphBuilder at = b.builder().At(b.site());
  const Output n = DimOf(at, x, -1);
  const Output on_diagonal = Equal(at, DiagonalOf(at, n, n), Const(at, int64_t{0}));
  return Select(at, on_diagonal, ExpandDims(at, x, -1), ScalarLike(at, 0, x.dtype()));
}

Output DiagPart(BuilderRef b, Output x) {
  if (!IsOfRank(b, "DiagPart", x, 2)) return {};
  const GraphBuilder at = b.builder().At(b.site());
  const int matrix = x.shape().rank() - 2;
  ShapeVector flat;
  for (int i = 0; i < matrix; ++i) flat.emplace_back(x, i);
  const int64_t m = x.shape().dim(matrix), n = x.shape().dim(matrix + 1);
  // Every (n + 1)st element of the flat matrix.
  Output size, step, limit;
  if (m >= 0 && n >= 0) {
    size = Const(at, m * n);
    step = Const(at, n + 1);
    limit = Const(at, std::min(m, n) * (n + 1));
  } else {
    const Output rows = DimOf(at, x, -2), columns = DimOf(at, x, -1);
    size = Mul(at, rows, columns);
    step = Add(at, columns, Const(at, int64_t{1}));
    limit = Mul(at, Minimum(at, rows, columns), step);
  }
  flat.emplace_back(size);
  const Output places = Range(at, Const(at, int64_t{0}), limit, step);
  return GatherAxis(at, ReshapeTo(at, x, flat), places, -1);
}

Output BandPart(BuilderRef b, Output x, int64_t below, int64_t above) {
  if (!IsOfRank(b, "BandPart", x, 2)) return {};
  const GraphBuilder at = b.builder().At(b.site());
  const Output diagonal = DiagonalOf(at, DimOf(at, x, -2), DimOf(at, x, -1));
  Output y = x;
  const Output zero = ScalarLike(at, 0, x.dtype());
  if (below >= 0) {
    y = Select(at, GreaterEqual(at, diagonal, Const(at, -below)), y, zero);
  }
  if (above >= 0) {
    y = Select(at, LessEqual(at, diagonal, Const(at, above)), y, zero);
  }
  return y;
}

Output CausalMask(BuilderRef b, Output n) {
  const GraphBuilder at = b.builder().At(b.site());
  return LessEqual(at, DiagonalOf(at, n, n), Const(at, int64_t{0}));
}

}  // namespace viv
