// RandomUniform and RandomNormal.
#include "core/ops/random.h"

#include <cmath>

#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

absl::Status AttrShape(ShapeContext& c) {
  const PartialShape& shape = c.attrs().ShapeAttr("shape");
  if (!shape.fully_defined()) return absl::InvalidArgumentError("'shape' has unknown extents");
  c.set_output(0, shape);
  return Shape::Checked(shape.dims()).status();
}

const OpRegistration kUniform({
    .name = "RandomUniform",
    .doc = "Uniform numbers in [low, high).",
    .outputs = {{"y", kFloat}},
    .attrs = {{"shape", AttrType::kShape}, {"low", AttrValue(0.0)}, {"high", AttrValue(1.0)}},
    .shape = AttrShape,
    .gradient = NotDifferentiable(),
    .random = true,
});

const OpRegistration kNormal({
    .name = "RandomNormal",
    .doc = "Normal numbers.",
    .outputs = {{"y", kFloat}},
    .attrs = {{"shape", AttrType::kShape}, {"stddev", AttrValue(1.0)}},
    .shape = AttrShape,
    .gradient = NotDifferentiable(),
    .random = true,
});

}  // namespace

Output RandomUniform(BuilderRef b, const Shape& shape, float low, float high) {
  return b.Add("RandomUniform", {}, {{"shape", shape}, {"low", low}, {"high", high}});
}
Output RandomNormal(BuilderRef b, const Shape& shape, float stddev) {
  return b.Add("RandomNormal", {}, {{"shape", shape}, {"stddev", stddev}});
}
Output GlorotUniform(BuilderRef b, int64_t rows, int64_t columns) {
  const float limit = std::sqrt(6.0f / static_cast<float>(rows + columns));
  return RandomUniform(b, {rows, columns}, -limit, limit);
}

}  // namespace viv
