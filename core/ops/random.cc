// RandomUniform and RandomNormal.
#include "core/ops/random.h"

#include <cmath>

#include "absl/strings/str_cat.h"
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
    .attrs = {{"shape", AttrType::kShape},
              {"low", AttrValue(0.0)},
              {"high", AttrValue(1.0)},
              {"key", AttrValue("")}},
    .shape = AttrShape,
    .gradient = NotDifferentiable(),
    .random = true,
});

const OpRegistration kNormal({
    .name = "RandomNormal",
    .doc = "Normal numbers.",
    .outputs = {{"y", kFloat}},
    .attrs = {{"shape", AttrType::kShape}, {"stddev", AttrValue(1.0)}, {"key", AttrValue("")}},
    .shape = AttrShape,
    .gradient = NotDifferentiable(),
    .random = true,
});

// Node names are unique within one graph: the function's name tells bodies of loops apart, and the
// key stays the same where a gradient runs a copy of a body.
Output WithKey(BuilderRef b, Output random) {
  const std::string function = b.builder().function_name();
  if (random.valid() && !function.empty()) {
    random.node->set_attr("key", absl::StrCat(function, ":", random.node->name()));
  }
  return random;
}

}  // namespace

Output RandomUniform(BuilderRef b, const Shape& shape, float low, float high) {
  return WithKey(b, b.Add("RandomUniform", {}, {{"shape", shape}, {"low", low}, {"high", high}}));
}
Output RandomNormal(BuilderRef b, const Shape& shape, float stddev) {
  return WithKey(b, b.Add("RandomNormal", {}, {{"shape", shape}, {"stddev", stddev}}));
}
Output GlorotUniform(BuilderRef b, int64_t rows, int64_t columns) {
  const float limit = std::sqrt(6.0f / static_cast<float>(rows + columns));
  return RandomUniform(b, {rows, columns}, -limit, limit);
}

}  // namespace viv
