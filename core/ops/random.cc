// RandomUniform, RandomNormal and TruncatedNormal; draws that are made of them.
#include "core/ops/random.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/random_key.h"

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

OpDef Normal(const char* name, const char* doc) {
  return {
      .name = name,
      .doc = doc,
      .outputs = {{"y", kFloat}},
      .attrs = {{"shape", AttrType::kShape}, {"stddev", AttrValue(1.0)}, {"key", AttrValue("")}},
      .shape = AttrShape,
      .gradient = NotDifferentiable(),
      .random = true,
  };
}
const OpRegistration kNormal(Normal("RandomNormal", "Normal numbers."));
const OpRegistration kTruncated(Normal("TruncatedNormal", "Normal numbers within 2 stddev."));

}  // namespace

Output WithRandomKey(BuilderRef b, Output random) {
  const std::string function = b.builder().function_name();
  if (random.valid() && !function.empty()) {
    random.node->set_attr("key", absl::StrCat(function, ":", random.node->name()));
  }
  return random;
}

Output RandomUniform(BuilderRef b, const Shape& shape, float low, float high) {
  return WithRandomKey(
      b, b.Add("RandomUniform", {}, {{"shape", shape}, {"low", low}, {"high", high}}));
}
Output RandomNormal(BuilderRef b, const Shape& shape, float stddev) {
  return WithRandomKey(b, b.Add("RandomNormal", {}, {{"shape", shape}, {"stddev", stddev}}));
}
Output TruncatedNormal(BuilderRef b, const Shape& shape, float stddev) {
  return WithRandomKey(b, b.Add("TruncatedNormal", {}, {{"shape", shape}, {"stddev", stddev}}));
}
Output RandomBernoulli(BuilderRef b, const Shape& shape, float probability) {
  const GraphBuilder at = b.builder().At(b.site());
  return Less(at, RandomUniform(at, shape), Const(at, probability));
}
Output RandomPermutation(BuilderRef b, int64_t n) {
  const GraphBuilder at = b.builder().At(b.site());
  return ArgSort(at, RandomUniform(at, {n}));
}
Output Shuffle(BuilderRef b, Output x) {
  if (!x.valid()) return x;
  if (x.shape().rank() < 1 || x.shape().dim(0) < 0) {
    b.SetError(absl::InvalidArgumentError(
        absl::StrCat("Shuffle: how many rows has ", x.shape().ToString(), "?")));
    return {};
  }
  const GraphBuilder at = b.builder().At(b.site());
  return Gather(at, x, RandomPermutation(at, x.shape().dim(0)));
}
Output GlorotUniform(BuilderRef b, int64_t rows, int64_t columns) {
  const float limit = std::sqrt(6.0f / static_cast<float>(rows + columns));
  return RandomUniform(b, {rows, columns}, -limit, limit);
}

}  // namespace viv
