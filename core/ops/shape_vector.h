// Shapes put together while a graph is built, of extents that are known and of extents that only a
// run knows.
#ifndef VIV_CORE_OPS_SHAPE_VECTOR_H_
#define VIV_CORE_OPS_SHAPE_VECTOR_H_

#include <vector>

#include "core/graph/builder.h"

namespace viv {

// One extent: a number, extent `axis` of a tensor, or the value of an int64 scalar.
class Extent {
 public:
  Extent(int64_t value) : value_(value) {}  // NOLINT
  Extent(Output scalar) : of_(scalar) {}    // NOLINT
  // The rank of `of` is known.
  Extent(Output of, int axis) : value_(of.shape().dim(axis)), of_(of), axis_(axis) {}

  // -1 where only a run knows it.
  int64_t value() const { return value_; }
  // As an int64 vector of one element.
  Output AsVector(BuilderRef b) const;

 private:
  int64_t value_ = -1;
  Output of_;
  int axis_ = -1;
};
using ShapeVector = std::vector<Extent>;

// The shape as an int64 vector; a constant where all of it is known.
Output ShapeOutput(BuilderRef b, const ShapeVector& shape);
// x under a shape of as many elements.
Output ReshapeTo(BuilderRef b, Output x, const ShapeVector& shape);

}  // namespace viv

#endif  // VIV_CORE_OPS_SHAPE_VECTOR_H_
