// Gated recurrent units: the step against its formula, the layer against its steps, gradients.
#include <cmath>

#include "check_gradients.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/rnn.h"
#include "gmock/gmock.h"
#include "recurrent_cases.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

template <typename T>
std::vector<Tensor> InputValues(const LayerCase& k) {
  return {Random<T>({k.steps, k.batch, k.features}, 1), Random<T>({k.batch, k.units}, 2),
          Random<T>({k.features, 3 * k.units}, 3), Random<T>({k.units, 3 * k.units}, 4),
          Random<T>({4 * k.units}, 5)};
}

struct Layer {
  GraphBuilder b;
  std::vector<Output> inputs;  // x, h, Wx, Wh, bias
  GruResult result;
  Output loss;
};

template <typename T>
Layer MakeLayer(const LayerCase& k) {
  Layer layer;
  for (const Tensor& value : InputValues<T>(k)) {
    layer.inputs.push_back(Placeholder(layer.b, DTypeOf<T>, value.shape()));
  }
  const auto& in = layer.inputs;
  const GraphBuilder& b = layer.b;
  const Output lengths =
      k.lengths.empty() ? Output() : Const(b, Tensor::Vector<int32_t>(k.lengths));
  layer.result = Gru(b, in[0], lengths, in[1], {in[2], in[3], in[4]}, {.reverse = k.reverse});
  const Output weights = Const(b, Random<T>({k.steps, k.batch, k.units}, 7));
  layer.loss =
      Add(b, Sum(b, Mul(b, weights, layer.result.outputs)), Sum(b, Square(b, layer.result.last)));
  return layer;
}

// A step of example e by the formula, in double.
template <typename T>
std::vector<double> Step(const std::vector<Tensor>& values, const LayerCase& k, const T* x,
                         const std::vector<double>& h) {
  const T *wx = values[2].data<T>(), *wh = values[3].data<T>(), *bias = values[4].data<T>();
  const int64_t u = k.units;
  std::vector<double> next(u);
  for (int64_t j = 0; j < u; ++j) {
    double from_x[3] = {}, from_h[3] = {};
    for (int64_t g = 0; g < 3; ++g) {
      for (int64_t i = 0; i < k.features; ++i) from_x[g] += x[i] * wx[i * 3 * u + g * u + j];
      for (int64_t i = 0; i < u; ++i) from_h[g] += h[i] * wh[i * 3 * u + g * u + j];
      from_x[g] += bias[g * u + j];
    }
    const double r = 1 / (1 + std::exp(-from_x[0] - from_h[0]));
    const double z = 1 / (1 + std::exp(-from_x[1] - from_h[1]));
    const double n = std::tanh(from_x[2] + r * (from_h[2] + bias[3 * u + j]));
    next[j] = (1 - z) * n + z * h[j];
  }
  return next;
}

template <typename T>
void CompareWithFormula(const LayerCase& k, double tolerance) {
  const std::vector<Tensor> values = InputValues<T>(k);
  const Layer layer = MakeLayer<T>(k);
  auto session = Session::Create(layer.b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto got =
      session->Run(FeedsOf(layer.inputs, values), {layer.result.outputs, layer.result.last});
  ASSERT_TRUE(got.ok()) << got.status();
  for (int64_t e = 0; e < k.batch; ++e) {
    std::vector<double> h(values[1].data<T>() + e * k.units,
                          values[1].data<T>() + (e + 1) * k.units);
    for (int64_t s = 0; s < k.steps; ++s) {
      const int64_t t = k.reverse ? k.steps - 1 - s : s, at = t * k.batch + e;
      const bool valid = k.lengths.empty() || t < k.lengths[e];
      if (valid) h = Step<T>(values, k, values[0].data<T>() + at * k.features, h);
      for (int64_t j = 0; j < k.units; ++j) {
        ASSERT_NEAR((*got)[0].data<T>()[at * k.units + j], valid ? h[j] : 0, tolerance);
      }
    }
    for (int64_t j = 0; j < k.units; ++j) {
      ASSERT_NEAR((*got)[1].data<T>()[e * k.units + j], h[j], tolerance);
    }
  }
}

TEST(Gru, FollowsTheFormula) {
  for (const LayerCase& k : Cases()) {
    CompareWithFormula<float>(k, 3e-6);
    CompareWithFormula<double>(k, 1e-12);
  }
}

TEST(Gru, GradientsAreThoseOfDifferences) {
  for (const LayerCase& k : Cases()) {
    const Layer layer = MakeLayer<double>(k);
    CheckGradients(layer.b, layer.loss, layer.inputs, InputValues<double>(k));
  }
}

TEST(Gru, FloatGradientsAreThoseOfDouble) {
  for (const LayerCase& k : Cases()) {
    std::vector<Tensor> results[2];
    for (const bool single : {true, false}) {
      const Layer layer = single ? MakeLayer<float>(k) : MakeLayer<double>(k);
      const auto gradients = DenseGradients(layer.b, {layer.loss}, layer.inputs);
      ASSERT_TRUE(gradients.ok()) << gradients.status();
      auto session = Session::Create(layer.b);
      ASSERT_TRUE(session.ok()) << session.status();
      const auto run = session->Run(
          FeedsOf(layer.inputs, single ? InputValues<float>(k) : InputValues<double>(k)),
          *gradients);
      ASSERT_TRUE(run.ok()) << run.status();
      results[single ? 0 : 1] = *run;
    }
    for (size_t i = 0; i < results[0].size(); ++i) {
      for (int64_t j = 0; j < results[0][i].num_elements(); ++j) {
        ASSERT_NEAR(results[0][i].ElementAsDouble(j), results[1][i].ElementAsDouble(j), 5e-5);
      }
    }
  }
}

TEST(Gru, TheCellIsTheLayersStepAndCanBeDifferentiatedTwice) {
  const LayerCase k{1, 2, 3, 9, {}, false};
  std::vector<Tensor> values = InputValues<double>(k);
  Layer layer = MakeLayer<double>(k);
  const GraphBuilder& b = layer.b;
  const auto& in = layer.inputs;
  const GruWeights w{in[2], in[3], in[4]};
  const Output x = Reshape(b, in[0], {2, 3});
  const Output once = GruCell(b, x, in[1], w), twice = GruCell(b, x, once, w);
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run(FeedsOf(in, values), {once, layer.result.last});
  ASSERT_TRUE(run.ok()) << run.status();
  for (int64_t j = 0; j < 18; ++j) {
    EXPECT_NEAR((*run)[0].data<double>()[j], (*run)[1].data<double>()[j], 1e-12);
  }
  const auto first = DenseGradients(b, {Sum(b, Square(b, twice))}, in);
  ASSERT_TRUE(first.ok()) << first.status();
  Output norm = Sum(b, Square(b, (*first)[0]));
  for (size_t i = 1; i < first->size(); ++i) norm = Add(b, norm, Sum(b, Square(b, (*first)[i])));
  CheckGradients(b, norm, in, values, 2e-6);
}

TEST(Gru, BadInputIsNamed) {
  GraphBuilder b;
  const GruWeights w{Const(b, Random<float>({4, 15}, 1)), Const(b, Random<float>({5, 15}, 2)),
                     Const(b, Random<float>({15}, 3))};
  Gru(b, Placeholder(b, kFloat, {2, 3, 4}), {}, {}, w);
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("the bias"));
}

}  // namespace
}  // namespace viv
