// LayerNorm and its gradient, whose mean and inverse deviation are inputs of its own.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

int64_t Width(const Array& x) { return x.dim(x.shape.rank() - 1); }
Shape Rows(const Array& x) { return Shape(x.shape.dims().subspan(0, x.shape.rank() - 1)); }

std::vector<Array> LayerNorm(const OpCall& call) {
  const Array& x = call[0];
  const int64_t n = Width(x);
  Array y(x.shape), mean(Rows(x)), inverse(Rows(x));
  for (size_t r = 0; r < mean.values.size(); ++r) {
    const double* row = x.values.data() + r * n;
    double sum = 0, squares = 0;
    for (int64_t j = 0; j < n; ++j) sum += row[j];
    mean.values[r] = sum / n;
    for (int64_t j = 0; j < n; ++j) squares += std::pow(row[j] - mean.values[r], 2);
    inverse.values[r] = 1 / std::sqrt(squares / n + call.attrs.Float("epsilon"));
    for (int64_t j = 0; j < n; ++j) {
      y.values[r * n + j] =
          (row[j] - mean.values[r]) * inverse.values[r] * call[1].values[j] + call[2].values[j];
    }
  }
  return {y, mean, inverse};
}

AttrMap Epsilon() { return {{"epsilon", 0.1}}; }

const OpCaseRegistration kLayerNorm({
    .op = "LayerNorm",
    .oracle = LayerNorm,
    .tolerance = 32,
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 17}), Uniform({17}), Uniform({17})}, Epsilon()},
              {"cube", {Uniform({2, 3, 5}), Uniform({5}), Uniform({5})}, Epsilon()},
              {"one", {Uniform({1}), Uniform({1}), Uniform({1})}, Epsilon()},
              {"no rows", {Uniform({0, 4}), Uniform({4}), Uniform({4})}, Epsilon()}},
    .bad = {{"scale", {Uniform({2, 3}), Uniform({4}), Uniform({3})}, "the scale"},
            {"bias", {Uniform({2, 3}), Uniform({3}), Uniform({4})}, "the bias"},
            {"epsilon",
             {Uniform({2, 3}), Uniform({3}), Uniform({3})},
             "below 0",
             {{"epsilon", -1.0}}}},
});

std::vector<Array> LayerNormGrad(const OpCall& call) {
  const Array &x = call[0], &scale = call[1], &dy = call[4];
  const int64_t n = Width(x);
  Array dx(x.shape), d_scale(scale.shape), d_bias(scale.shape);
  for (size_t r = 0; r < call[2].values.size(); ++r) {
    const double mean = call[2].values[r], inverse = call[3].values[r];
    const auto unit = [&](int64_t j) { return (x.values[r * n + j] - mean) * inverse; };
    const auto a = [&](int64_t j) { return dy.values[r * n + j] * scale.values[j]; };
    double mean_a = 0, mean_an = 0;
    for (int64_t j = 0; j < n; ++j) {
      mean_a += a(j) / n;
      mean_an += a(j) * unit(j) / n;
      d_scale.values[j] += dy.values[r * n + j] * unit(j);
      d_bias.values[j] += dy.values[r * n + j];
    }
    for (int64_t j = 0; j < n; ++j) {
      dx.values[r * n + j] = inverse * (a(j) - mean_a - unit(j) * mean_an);
    }
  }
  return {dx, d_scale, d_bias};
}

std::vector<OpInput> GradInputs(const Shape& x, const Shape& rows) {
  const Shape row({x.dim(x.rank() - 1)});
  return {Uniform(x), Uniform(row), Uniform(rows), Uniform(rows), Uniform(x)};
}

const OpCaseRegistration kLayerNormGrad({
    .op = "LayerNormGrad",
    .oracle = LayerNormGrad,
    .tolerance = 64,
    .cases = {{"odd", GradInputs({3, 17}, {3})},
              {"cube", GradInputs({2, 3, 5}, {2, 3})},
              {"one", GradInputs({1}, {})},
              {"no rows", GradInputs({0, 4}, {0})}},
});

}  // namespace
}  // namespace viv
