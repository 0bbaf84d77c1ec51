// BatchNorm and its gradient, whose mean and variance are inputs of its own.
#include <algorithm>
#include <cmath>

#include "core/ops/image.h"
#include "op_case.h"

namespace viv {
namespace {

int64_t Channels(const Array& x) { return x.dim(x.shape.rank() - 1); }

// (x - mean) / deviation for element j.
double Normal(const Array& x, size_t j, const Array& mean, const Array& variance, double epsilon) {
  const size_t c = j % mean.values.size();
  return (x.values[j] - mean.values[c]) / std::sqrt(variance.values[c] + epsilon);
}
Array Apply(const OpCall& call, const Array& mean, const Array& variance) {
  const Array& x = call[0];
  Array y(x.shape);
  for (size_t j = 0; j < x.values.size(); ++j) {
    const size_t c = j % mean.values.size();
    y.values[j] = Normal(x, j, mean, variance, call.attrs.Float("epsilon")) * call[1].values[c] +
                  call[2].values[c];
    if (call.attrs.Bool("relu")) y.values[j] = std::max(0.0, y.values[j]);
  }
  return y;
}

std::vector<Array> BatchNorm(const OpCall& call) {
  const Array& x = call[0];
  const int64_t n = Channels(x);
  Array mean({n}), variance({n});
  const double rows = n == 0 ? 0 : static_cast<double>(x.values.size()) / static_cast<double>(n);
  for (size_t j = 0; j < x.values.size(); ++j) {
    mean.values[j % n] += (x.values[j] - x.values[j % n]) / rows;
  }
  for (int64_t c = 0; c < n && rows > 0; ++c) mean.values[c] += x.values[c];
  for (size_t j = 0; j < x.values.size(); ++j) {
    variance.values[j % n] += std::pow(x.values[j] - mean.values[j % n], 2) / rows;
  }
  return {Apply(call, mean, variance), mean, variance};
}

AttrMap Attrs(bool relu) { return {{"epsilon", 0.1}, {"relu", relu}}; }
std::vector<OpInput> Inputs(const Shape& x) {
  const Shape channels({x.dim(x.rank() - 1)});
  return {Uniform(x), Uniform(channels), Uniform(channels)};
}
const OpCaseRegistration kBatchNorm({
    .op = "BatchNorm",
    .oracle = BatchNorm,
    .tolerance = 24,
    .cases = {{"odd", Inputs({3, 2, 5, 17}), Attrs(false)},
              {"relu", Inputs({9, 35}), Attrs(true)},
              {"blocks", Inputs({600, 35}), Attrs(false)},
              {"one", Inputs({1}), Attrs(false)},
              {"no rows", Inputs({0, 4}), Attrs(false)},
              {"no channels", Inputs({3, 0}), Attrs(true)}},
    .bad = {{"scale", {Uniform({2, 3}), Uniform({4}), Uniform({3})}, "input 1, the channels"},
            {"offset", {Uniform({2, 3}), Uniform({3}), Uniform({4})}, "input 2, the channels"},
            {"rank", {Uniform({}), Uniform({1}), Uniform({1})}, "rank"},
            {"epsilon", Inputs({2, 3}), "below 0", {{"epsilon", -1.0}}}},
});

// Rows that are summed up in several blocks and parts, and some far from 0 in comparison with their
// deviation, which must not suffer.
const OpCaseRegistration kManyRows({
    .op = "BatchNormOfManyRows",
    .oracle =
        [](const OpCall& call) {
          OpCall with = call;
          with.attrs = Attrs(false);
          return BatchNorm(with);
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          const BatchNormResult r = BatchNorm(b, in[0], in[1], in[2], {.epsilon = 0.1});
          return std::vector<Output>{r.y, r.mean, r.variance};
        },
    .tolerance = 1024,
    .cases = {{"far", {Uniform({700, 33}, 255, 256), Uniform({33}), Uniform({33})}},
              {"parts", Inputs({2100, 35})}},
});

std::vector<Array> BatchNormGrad(const OpCall& call) {
  const Array &x = call[0], &mean = call[3], &variance = call[4];
  const double epsilon = call.attrs.Float("epsilon");
  const int64_t n = Channels(x);
  const double rows = n == 0 ? 0 : static_cast<double>(x.values.size()) / static_cast<double>(n);
  const auto unit = [&](size_t j) { return Normal(x, j, mean, variance, epsilon); };
  Array dy = call[5], dx(x.shape), d_scale({n}), d_offset({n});
  for (size_t j = 0; j < x.values.size(); ++j) {
    const double y = unit(j) * call[1].values[j % n] + call[2].values[j % n];
    if (call.attrs.Bool("relu") && y <= 0) dy.values[j] = 0;
    d_scale.values[j % n] += dy.values[j] * unit(j);
    d_offset.values[j % n] += dy.values[j];
  }
  for (size_t j = 0; j < x.values.size(); ++j) {
    const size_t c = j % n;
    dx.values[j] = call[1].values[c] / std::sqrt(variance.values[c] + epsilon) *
                   (dy.values[j] - d_offset.values[c] / rows - unit(j) * d_scale.values[c] / rows);
  }
  return {dx, d_scale, d_offset};
}

std::vector<OpInput> GradInputs(const Shape& x) {
  const Shape channels({x.dim(x.rank() - 1)});
  return {Uniform(x),        Uniform(channels),       Uniform(channels),
          Uniform(channels), Uniform(channels, 0, 2), Uniform(x)};
}

const OpCaseRegistration kBatchNormGrad({
    .op = "BatchNormGrad",
    .oracle = BatchNormGrad,
    .tolerance = 32,
    .cases = {{"odd", GradInputs({3, 2, 5, 17}), Attrs(false)},
              {"relu", GradInputs({9, 35}), Attrs(true)},
              {"one", GradInputs({1}), Attrs(false)},
              {"no rows", GradInputs({0, 4}), Attrs(true)}},
    .bad = {{"dy",
             {Uniform({2, 3}), Uniform({3}), Uniform({3}), Uniform({3}), Uniform({3}),
              Uniform({3, 3})},
             "dy"}},
});

const OpCaseRegistration kInference({
    .op = "BatchNormInference",
    .oracle =
        [](const OpCall& call) {
          OpCall with = call;
          with.attrs = Attrs(true);
          return std::vector<Array>{Apply(with, call[3], call[4])};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          return std::vector<Output>{BatchNormInference(b, in[0], in[1], in[2], in[3], in[4],
                                                        {.epsilon = 0.1, .relu = true})};
        },
    .tolerance = 16,
    .cases = {{"odd",
               {Uniform({3, 5, 17}), Uniform({17}), Uniform({17}), Uniform({17}),
                Uniform({17}, 0, 2)}}},
});

}  // namespace
}  // namespace viv
