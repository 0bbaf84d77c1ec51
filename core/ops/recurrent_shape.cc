// Checks of the shapes of recurrent layers.
#include "core/ops/recurrent_shape.h"

#include "core/base/status.h"

namespace viv {

int64_t Times(int64_t factor, int64_t extent) { return extent < 0 ? -1 : factor * extent; }

absl::Status CheckInput(ShapeContext& c, int i, const PartialShape& expected,
                        const std::string& what) {
  return Annotate(expected.Merge(c.input(i)).status(), what);
}

absl::StatusOr<RecurrentExtents> CheckLayer(ShapeContext& c, int recurrent, int64_t gates,
                                            int lengths) {
  RETURN_IF_ERROR(WithRank(c, 0, 3));
  RETURN_IF_ERROR(WithRank(c, recurrent, 2));
  const RecurrentExtents e{c.input(0).dim(0), c.input(0).dim(1), c.input(recurrent).dim(0)};
  RETURN_IF_ERROR(
      CheckInput(c, recurrent, {e.units, Times(gates, e.units)}, "the recurrent weights"));
  if (c.num_inputs() > lengths + 1) {
    return absl::InvalidArgumentError("takes at most one vector of lengths");
  }
  if (c.num_inputs() > lengths) RETURN_IF_ERROR(CheckInput(c, lengths, {e.batch}, "lengths"));
  return e;
}

}  // namespace viv
