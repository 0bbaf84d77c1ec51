// Recurrent layers against their steps, and their gradients against finite differences.
#include "core/ops/rnn.h"

#include <cmath>
#include <map>

#include "check_gradients.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "gmock/gmock.h"
#include "recurrent_cases.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

// One layer with everything that a loss may flow through.
struct Layer {
  GraphBuilder b;
  std::vector<Output> inputs;  // x, h, c, Wx, Wh, bias
  LstmResult result;
  // A weighted sum of all results, so that every gradient is different.
  Output loss;
};

template <typename T>
std::vector<Tensor> InputValues(const LayerCase& k) {
  return {Random<T>({k.steps, k.batch, k.features}, 1),
          Random<T>({k.batch, k.units}, 2),
          Random<T>({k.batch, k.units}, 3),
          Random<T>({k.features, 4 * k.units}, 4),
          Random<T>({k.units, 4 * k.units}, 5),
          Random<T>({4 * k.units}, 6)};
}

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
  layer.result =
      Lstm(b, in[0], lengths, {in[1], in[2]}, {in[3], in[4], in[5]}, {.reverse = k.reverse});
  const Output weights = Const(b, Random<T>({k.steps, k.batch, k.units}, 7));
  const Output of_h = Const(b, Random<T>({k.batch, k.units}, 8));
  layer.loss = Add(
      b, Sum(b, Mul(b, weights, layer.result.outputs)),
      Add(b, Sum(b, Mul(b, of_h, layer.result.last.h)), Sum(b, Square(b, layer.result.last.c))));
  return layer;
}

// The same layer, one example at a time, from LstmCell.
template <typename T>
void CompareWithCells(const LayerCase& k, double tolerance) {
  const std::vector<Tensor> values = InputValues<T>(k);
  Layer layer = MakeLayer<T>(k);
  auto session = Session::Create(layer.b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto got = session->Run(FeedsOf(layer.inputs, values),
                                {layer.result.outputs, layer.result.last.h, layer.result.last.c});
  ASSERT_TRUE(got.ok()) << got.status();

  GraphBuilder b;
  const Output x = Placeholder(b, DTypeOf<T>, {1, k.features});
  const Output h = Placeholder(b, DTypeOf<T>, {1, k.units});
  const Output c = Placeholder(b, DTypeOf<T>, {1, k.units});
  const LstmState next =
      LstmCell(b, x, {h, c}, {Const(b, values[3]), Const(b, values[4]), Const(b, values[5])});
  auto cell = Session::Create(b);
  ASSERT_TRUE(cell.ok()) << cell.status();
  for (int64_t e = 0; e < k.batch; ++e) {
    Tensor state_h = values[1].Rows(e, e + 1), state_c = values[2].Rows(e, e + 1);
    const int64_t length = k.lengths.empty() ? k.steps : k.lengths[e];
    for (int64_t s = 0; s < k.steps; ++s) {
      const int64_t t = k.reverse ? k.steps - 1 - s : s;
      const T* out = (*got)[0].data<T>() + (t * k.batch + e) * k.units;
      if (t >= length) {
        for (int64_t j = 0; j < k.units; ++j) ASSERT_EQ(out[j], 0);
        continue;
      }
      const Tensor in = values[0].Row(t).Rows(e, e + 1);
      const auto step = cell->Run({{x, in}, {h, state_h}, {c, state_c}}, {next.h, next.c});
      ASSERT_TRUE(step.ok()) << step.status();
      state_h = (*step)[0];
      state_c = (*step)[1];
      for (int64_t j = 0; j < k.units; ++j) {
        ASSERT_NEAR(out[j], state_h.data<T>()[j], tolerance) << "step " << t << " example " << e;
      }
    }
    for (int64_t j = 0; j < k.units; ++j) {
      ASSERT_NEAR((*got)[1].data<T>()[e * k.units + j], state_h.data<T>()[j], tolerance);
      ASSERT_NEAR((*got)[2].data<T>()[e * k.units + j], state_c.data<T>()[j], tolerance);
    }
  }
}

TEST(Lstm, IsItsCellStepByStep) {
  for (const LayerCase& k : Cases()) {
    CompareWithCells<float>(k, 2e-6);
    CompareWithCells<double>(k, 1e-12);
  }
}

TEST(Lstm, GradientsAreThoseOfDifferences) {
  for (const LayerCase& k : Cases()) {
    const Layer layer = MakeLayer<double>(k);
    CheckGradients(layer.b, layer.loss, layer.inputs, InputValues<double>(k));
  }
}

TEST(Lstm, FloatGradientsAreThoseOfDouble) {
  for (const LayerCase& k : Cases()) {
    std::map<DType, std::vector<Tensor>> results;
    for (const DType dtype : {kFloat, kDouble}) {
      const Layer layer = dtype == kFloat ? MakeLayer<float>(k) : MakeLayer<double>(k);
      const auto gradients = DenseGradients(layer.b, {layer.loss}, layer.inputs);
      ASSERT_TRUE(gradients.ok()) << gradients.status();
      auto session = Session::Create(layer.b);
      ASSERT_TRUE(session.ok()) << session.status();
      const auto run = session->Run(
          FeedsOf(layer.inputs, dtype == kFloat ? InputValues<float>(k) : InputValues<double>(k)),
          *gradients);
      ASSERT_TRUE(run.ok()) << run.status();
      results[dtype] = *run;
    }
    for (size_t i = 0; i < results[kFloat].size(); ++i) {
      const Tensor &single = results[kFloat][i], &exact = results[kDouble][i];
      for (int64_t j = 0; j < single.num_elements(); ++j) {
        ASSERT_NEAR(single.ElementAsDouble(j), exact.ElementAsDouble(j), 2e-5);
      }
    }
  }
}

TEST(Lstm, TheCellCanBeDifferentiatedTwice) {
  GraphBuilder b;
  const std::vector<Tensor> values = {Random<double>({2, 3}, 1),  Random<double>({2, 4}, 2),
                                      Random<double>({2, 4}, 3),  Random<double>({3, 16}, 4),
                                      Random<double>({4, 16}, 5), Random<double>({16}, 6)};
  std::vector<Output> in;
  for (const Tensor& value : values) in.push_back(Placeholder(b, kDouble, value.shape()));
  LstmState state{in[1], in[2]};
  for (int i = 0; i < 2; ++i) state = LstmCell(b, in[0], state, {in[3], in[4], in[5]});
  const Output loss = Add(b, Sum(b, Square(b, state.h)), Sum(b, Square(b, state.c)));
  const auto first = DenseGradients(b, {loss}, in);
  ASSERT_TRUE(first.ok()) << first.status();
  Output norm = Sum(b, Square(b, (*first)[0]));
  for (size_t i = 1; i < first->size(); ++i) norm = Add(b, norm, Sum(b, Square(b, (*first)[i])));
  CheckGradients(b, norm, in, values, 2e-6);
}

TEST(BiLstm, JoinsBothDirections) {
  GraphBuilder b;
  const Output x = Const(b, Random<float>({3, 2, 4}, 1));
  const Output lengths = Const(b, Tensor::Of<int32_t>({2}, {3, 1}));
  const auto weights = [&](uint64_t seed) {
    return LstmWeights{Const(b, Random<float>({4, 20}, seed)),
                       Const(b, Random<float>({5, 20}, seed + 1)),
                       Const(b, Random<float>({20}, seed + 2))};
  };
  const LstmWeights there = weights(2), back = weights(9);
  const BiLstmResult both = BiLstm(b, x, lengths, there, back);
  const Output first = Lstm(b, x, lengths, {}, there).outputs;
  const Output second = Lstm(b, x, lengths, {}, back, {.reverse = true}).outputs;
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run({}, {both.outputs, Concat(b, {first, second}, 2), both.backward.h,
                                     Reshape(b, SliceAxis(b, second, 0, 0, 1), {2, 5})});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE((*run)[0].Identical((*run)[1]));
  EXPECT_TRUE((*run)[2].Identical((*run)[3]));
}

TEST(Lstm, BadInputIsNamed) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2, 3, 4});
  const Output lengths = Placeholder(b, kInt32, {3});
  const LstmWeights w{Const(b, Random<float>({4, 20}, 1)), Const(b, Random<float>({5, 20}, 2)),
                      Const(b, Random<float>({20}, 3))};
  const LstmResult y = Lstm(b, x, lengths, {}, w);
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run(
      {{x, Random<float>({2, 3, 4}, 4)}, {lengths, Tensor::Of<int32_t>({3}, {2, 1, 7})}},
      {y.outputs});
  EXPECT_THAT(std::string(run.status().message()),
              HasSubstr("length 7 of example 2 is outside [0, 2]"));
  Lstm(b, Placeholder(b, kFloat, {2, 3, 5}), lengths, {}, w);
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("the input weights"));
}

struct AttentionGraph {
  GraphBuilder b;
  std::vector<Output> inputs;  // queries, keys, values
  std::vector<Tensor> values;
  AttentionResult result;
  Output loss;
};

template <typename T>
AttentionGraph MakeAttention(int64_t steps, int64_t positions, std::vector<int32_t> lengths) {
  AttentionGraph g;
  const int64_t batch = lengths.size(), depth = 5, width = 3;
  g.values = {Random<T>({steps, batch, depth}, 1), Random<T>({positions, batch, depth}, 2),
              Random<T>({positions, batch, width}, 3)};
  for (const Tensor& v : g.values) g.inputs.push_back(Placeholder(g.b, DTypeOf<T>, v.shape()));
  const GraphBuilder& b = g.b;
  g.result = Attention(b, g.inputs[0], g.inputs[1], g.inputs[2],
                       Const(b, Tensor::Vector<int32_t>(lengths)));
  const Output weights = Const(b, Random<T>({steps, batch, width}, 4));
  g.loss = Add(b, Sum(b, Mul(b, weights, g.result.context)), Sum(b, Square(b, g.result.weights)));
  return g;
}

TEST(Attention, FollowsTheFormulaOverTheValidPositions) {
  const std::vector<int32_t> lengths = {4, 0, 2, 1};
  const AttentionGraph g = MakeAttention<float>(3, 4, lengths);
  auto session = Session::Create(g.b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run(FeedsOf(g.inputs, g.values), {g.result.context, g.result.weights});
  ASSERT_TRUE(run.ok()) << run.status();
  const float *q = g.values[0].data<float>(), *k = g.values[1].data<float>();
  const float* v = g.values[2].data<float>();
  for (int t = 0; t < 3; ++t) {
    for (int b = 0; b < 4; ++b) {
      double e[4] = {}, sum = 0, context[3] = {};
      for (int s = 0; s < lengths[b]; ++s) {
        double score = 0;
        for (int d = 0; d < 5; ++d) score += q[(t * 4 + b) * 5 + d] * k[(s * 4 + b) * 5 + d];
        sum += e[s] = std::exp(score);
      }
      for (int s = 0; s < 4; ++s) {
        const double weight = sum == 0 ? 0 : e[s] / sum;
        EXPECT_NEAR((*run)[1].data<float>()[(t * 4 + b) * 4 + s], weight, 1e-6);
        for (int j = 0; j < 3; ++j) context[j] += weight * v[(s * 4 + b) * 3 + j];
      }
      for (int j = 0; j < 3; ++j) {
        EXPECT_NEAR((*run)[0].data<float>()[(t * 4 + b) * 3 + j], context[j], 1e-6);
      }
    }
  }
}

TEST(Attention, GradientsAreThoseOfDifferences) {
  for (const int64_t positions : {0, 1, 4}) {
    const int32_t s = static_cast<int32_t>(positions);
    const AttentionGraph g = MakeAttention<double>(3, positions, {s, 0, s / 2});
    CheckGradients(g.b, g.loss, g.inputs, g.values);
  }
  const AttentionGraph empty = MakeAttention<double>(0, 2, {1});
  CheckGradients(empty.b, empty.loss, empty.inputs, empty.values);
}

TEST(Attention, ALengthBeyondTheMemoryIsNamed) {
  const AttentionGraph g = MakeAttention<float>(1, 2, {2, 3});
  auto session = Session::Create(g.b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run(FeedsOf(g.inputs, g.values), {g.result.context});
  EXPECT_THAT(std::string(run.status().message()),
              HasSubstr("length 3 of example 1 is outside [0, 2]"));
}

}  // namespace
}  // namespace viv
