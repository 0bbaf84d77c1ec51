// LocalResponseNorm and its gradient.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

int64_t Channels(const Array& x) { return x.dim(x.shape.rank() - 1); }

// The sum of f(j) over the channels j around c.
template <typename F>
double SumAround(const OpCall& call, int64_t c, F f) {
  const int64_t half = call.attrs.Int("size") / 2;
  double sum = 0;
  for (int64_t j = c - half; j <= c + half; ++j) {
    if (j >= 0 && j < Channels(call[0])) sum += f(j);
  }
  return sum;
}
// s of channel c of the row that begins at `row`.
double Response(const OpCall& call, size_t row, int64_t c) {
  const double squares =
      SumAround(call, c, [&](int64_t j) { return std::pow(call[0].values[row + j], 2); });
  const double size = static_cast<double>(call.attrs.Int("size"));
  return call.attrs.Float("bias") + call.attrs.Float("alpha") / size * squares;
}

std::vector<Array> Norm(const OpCall& call) {
  const Array& x = call[0];
  Array y(x.shape);
  const int64_t n = Channels(x);
  for (size_t row = 0; row < y.values.size(); row += n) {
    for (int64_t c = 0; c < n; ++c) {
      const double s = Response(call, row, c);
      y.values[row + c] = x.values[row + c] * std::pow(s, -call.attrs.Float("beta"));
    }
  }
  return {y};
}

std::vector<Array> NormGrad(const OpCall& call) {
  const Array &x = call[0], &dy = call[1];
  Array dx(x.shape);
  const int64_t n = Channels(x);
  const double beta = call.attrs.Float("beta");
  const double factor =
      2 * beta * call.attrs.Float("alpha") / static_cast<double>(call.attrs.Int("size"));
  for (size_t row = 0; row < dx.values.size(); row += n) {
    for (int64_t c = 0; c < n; ++c) {
      const double sum = SumAround(call, c, [&](int64_t j) {
        const double s = Response(call, row, j);
        return dy.values[row + j] * x.values[row + j] * std::pow(s, -beta - 1);
      });
      const double s = Response(call, row, c);
      dx.values[row + c] =
          dy.values[row + c] * std::pow(s, -beta) - factor * x.values[row + c] * sum;
    }
  }
  return {dx};
}

AttrMap Attrs(int64_t size, double alpha, double beta, double bias) {
  return {{"size", size}, {"alpha", alpha}, {"beta", beta}, {"bias", bias}};
}
// With `dy` of the gradient behind x.
std::vector<OpCase> Cases(bool gradient) {
  const auto inputs = [&](const Shape& x) {
    std::vector<OpInput> all = {Uniform(x)};
    if (gradient) all.push_back(Uniform(x));
    return all;
  };
  return {{"published", inputs({1, 2, 3, 40}), Attrs(5, 1e-4, 0.75, 1)},
          {"strong", inputs({3, 70}), Attrs(5, 2, 0.75, 0.5)},
          {"other power", inputs({2, 37}), Attrs(3, 1, 0.5, 2)},
          {"wider than the row", inputs({2, 3}), Attrs(9, 1, 0.6, 1)},
          {"itself", inputs({19}), Attrs(1, 1, 1, 1)},
          {"one", inputs({1}), Attrs(5, 1, 0.75, 1)},
          {"no rows", inputs({0, 4}), Attrs(5, 1, 0.75, 1)},
          {"no channels", inputs({4, 0}), Attrs(5, 1, 0.75, 1)}};
}

const OpCaseRegistration kNorm({
    .op = "LocalResponseNorm",
    .oracle = Norm,
    .tolerance = 8,
    .cases = Cases(false),
    .bad = {{"rank", {Uniform({})}, "rank 0"},
            {"even", {Uniform({2, 3})}, "size is 4: it must be odd", Attrs(4, 1, 1, 1)},
            {"size", {Uniform({2, 3})}, "size is -1", Attrs(-1, 1, 1, 1)},
            {"alpha", {Uniform({2, 3})}, "alpha is -1", Attrs(5, -1, 1, 1)},
            {"bias", {Uniform({2, 3})}, "bias 0", Attrs(5, 1, 1, 0)}},
});
const OpCaseRegistration kNormGrad({
    .op = "LocalResponseNormGrad",
    .oracle = NormGrad,
    .tolerance = 16,
    .cases = Cases(true),
    .bad = {{"dy", {Uniform({2, 3}), Uniform({2, 4})}, "dy"}},
});

}  // namespace
}  // namespace viv
