// Tile: y = x repeated along each axis; each axis becomes two, the first of which is broadcast.
#include "absl/strings/str_cat.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/shape_vector.h"

namespace viv {

Output Tile(BuilderRef b, Output x, const std::vector<int64_t>& repeats) {
  if (!x.valid()) return {};
  if (x.shape().rank() != static_cast<int>(repeats.size())) {
    b.SetError(absl::InvalidArgumentError(
        absl::StrCat("Tile: ", repeats.size(), " repeats for ", x.shape().ToString())));
    return {};
  }
  ShapeVector apart, repeated, together;
  for (int i = 0; i < x.shape().rank(); ++i) {
    const Extent extent(x, i);
    if (repeats[i] < 0) {
      b.SetError(absl::InvalidArgumentError(absl::StrCat("Tile: ", repeats[i], " repeats")));
      return {};
    }
    if (repeats[i] != 1) {
      apart.push_back(1);
      repeated.push_back(repeats[i]);
    }
    apart.push_back(extent);
    repeated.push_back(extent);
    if (extent.value() >= 0 || repeats[i] == 1) {
      together.push_back(repeats[i] == 1 ? extent : Extent(extent.value() * repeats[i]));
    } else {
      together.push_back(Mul(b, DimOf(b, x, i), Const(b, repeats[i])));
    }
  }
  if (apart.size() == together.size()) return Identity(b, x);
  return ReshapeTo(b, BroadcastTo(b, ReshapeTo(b, x, apart), ShapeOutput(b, repeated)), together);
}

}  // namespace viv
