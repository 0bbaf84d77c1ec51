// Builds the smallest graph that yields a shape.
#include "core/ops/shape_vector.h"

#include "core/ops/array.h"

namespace viv {

Output Extent::AsVector(BuilderRef b) const {
  if (value_ >= 0) return Const(b, Tensor::Vector<int64_t>({value_}));
  if (axis_ < 0) return Reshape(b, of_, {1});
  return SliceAxis(b, ShapeOf(b, of_), 0, axis_, axis_ + 1);
}

Output ShapeOutput(BuilderRef b, const ShapeVector& shape) {
  std::vector<int64_t> known;
  std::vector<Output> parts;
  // Neighbouring known extents are one constant.
  const auto flush = [&] {
    if (!known.empty()) parts.push_back(Const(b, Tensor::Vector<int64_t>(known)));
    known.clear();
  };
  for (const Extent& extent : shape) {
    if (extent.value() >= 0) {
      known.push_back(extent.value());
      continue;
    }
    flush();
    parts.push_back(extent.AsVector(b));
  }
  if (parts.empty()) return Const(b, Tensor::Vector<int64_t>(known));
  flush();
  return parts.size() == 1 ? parts[0] : Concat(b, parts, 0);
}

Output ReshapeTo(BuilderRef b, Output x, const ShapeVector& shape) {
  std::vector<int64_t> extents;
  int open = 0;
  bool empty = false;
  for (const Extent& extent : shape) {
    extents.push_back(extent.value());
    open += extent.value() < 0;
    empty = empty || extent.value() == 0;
  }
  // One unknown extent follows from the others, unless one of those is 0.
  return open == 0 || (open == 1 && !empty) ? Reshape(b, x, extents)
                                            : Reshape(b, x, ShapeOutput(b, shape));
}

}  // namespace viv
