// Losses and normalisation: values against plain formulas, gradients of gradients, bad input.
#include "core/ops/nn.h"

#include <cmath>

#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

TEST(Softmax, FollowsTheFormulaForEveryWidth) {
  for (const int64_t n : {1, 3, 8, 31, 32, 100}) {
    GraphBuilder b;
    std::vector<double> x(2 * n);
    std::vector<float> xf(2 * n);
    for (int64_t i = 0; i < 2 * n; ++i) x[i] = xf[i] = static_cast<float>(std::sin(i) * 20);
    const Output in = Const(b, Tensor::Of<float>({2, n}, xf));
    const auto got = RunOnce(b, {Softmax(b, in), LogSoftmax(b, in)});
    for (int64_t r = 0; r < 2; ++r) {
      double sum = 0;
      for (int64_t j = 0; j < n; ++j) sum += std::exp(x[r * n + j]);
      for (int64_t j = 0; j < n; ++j) {
        const double p = std::exp(x[r * n + j]) / sum;
        EXPECT_NEAR(got[0].data<float>()[r * n + j], p, 1e-6) << n;
        EXPECT_NEAR(got[1].data<float>()[r * n + j], std::log(p), 1e-5) << n;
      }
    }
  }
}

TEST(Softmax, ExtremeLogits) {
  const float inf = std::numeric_limits<float>::infinity();
  GraphBuilder b;
  const Output x = Const(b, Tensor::Of<float>({3, 3}, {1e30f, -1e30f, 1e30f,  //
                                                       -inf, 2, 2,            //
                                                       0, NAN, 0}));
  const Tensor y = RunOnce(b, {Softmax(b, x)})[0];
  EXPECT_EQ(y.data<float>()[0], 0.5f);
  EXPECT_EQ(y.data<float>()[1], 0);
  EXPECT_EQ(y.data<float>()[3], 0);
  EXPECT_EQ(y.data<float>()[4], 0.5f);
  for (int i = 6; i < 9; ++i) EXPECT_TRUE(std::isnan(y.data<float>()[i]));
}

TEST(LogSoftmax, CanBeDifferentiatedTwice) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2, 5});
  const Output w = Const(b, Random<double>({2, 5}, 3));
  CheckTwice(b, Sum(b, Mul(b, w, LogSoftmax(b, x))), {x}, {Random<double>({2, 5}, 4)});
}

TEST(SoftmaxCrossEntropy, CanBeDifferentiatedTwice) {
  for (const float smoothing : {0.0f, 0.1f}) {
    GraphBuilder b;
    const Output z = Placeholder(b, kDouble, {4, 5});
    const Output w = Placeholder(b, kDouble, {4});
    const Output labels = Const(b, Tensor::Of<int32_t>({4}, {2, -1, 0, 4}));
    const Output loss = Sum(b, Mul(b, w, SoftmaxCrossEntropy(b, z, labels, smoothing, -1)));
    CheckTwice(b, loss, {z, w}, {Random<double>({4, 5}, 1), Random<double>({4}, 2)});
  }
}

TEST(SoftmaxCrossEntropy, FloatFollowsDoubleAndIgnoresPadding) {
  constexpr int64_t kRows = 7, kClasses = 1003;
  std::vector<Tensor> results[2];
  for (const bool single : {true, false}) {
    GraphBuilder b;
    const Tensor z =
        single ? Random<float>({kRows, kClasses}, 1) : Random<double>({kRows, kClasses}, 1);
    const Output logits = Const(b, z);
    const Output labels = Const(b, Tensor::Of<int64_t>({kRows}, {0, 1002, 3, 500, 77, 3, 8}));
    const Output loss = SoftmaxCrossEntropy(b, logits, labels, 0.1f, 3);
    const auto gradient = DenseGradients(b, {loss}, {logits});
    ASSERT_TRUE(gradient.ok()) << gradient.status();
    results[single ? 0 : 1] = RunOnce(b, {loss, (*gradient)[0]});
  }
  for (int k = 0; k < 2; ++k) {
    for (int64_t i = 0; i < results[0][k].num_elements(); ++i) {
      ASSERT_NEAR(results[0][k].ElementAsDouble(i), results[1][k].ElementAsDouble(i), 2e-6);
    }
  }
  EXPECT_EQ(results[0][0].data<float>()[2], 0);
  EXPECT_NE(results[0][0].data<float>()[0], 0);
  for (int64_t j = 0; j < kClasses; ++j)
    EXPECT_EQ(results[0][1].data<float>()[5 * kClasses + j], 0);
}

TEST(SoftmaxCrossEntropy, ALabelOutsideIsNamed) {
  GraphBuilder b;
  const Output labels = Const(b, Tensor::Of<int32_t>({2}, {1, -1}));
  const Output loss = SoftmaxCrossEntropy(b, Const(b, Random<float>({2, 3}, 1)), labels);
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  EXPECT_THAT(std::string(session->Run({}, {loss}).status().message()),
              HasSubstr("label -1 of row 1 is outside [0, 3)"));
}

TEST(SampledSoftmax, SamplesFollowTheDistribution) {
  GraphBuilder b;
  constexpr int64_t kClasses = 50, kCount = 40000;
  const Output labels = Const(b, Tensor::Of<int32_t>({2}, {0, 7}));
  const auto sampler = BuilderRef(b).AddMany("LogUniformSampler", {labels},
                                             {{"classes", kClasses}, {"count", kCount}}, 2);
  const auto got = RunOnce(b, sampler);
  std::vector<double> seen(kClasses);
  for (const int64_t k : got[0].flat<int32_t>()) seen.at(k) += 1;
  const float* correction = got[1].data<float>();
  for (int64_t k = 0; k < kClasses; ++k) {
    const double expected = kCount * std::log((k + 2.0) / (k + 1.0)) / std::log(kClasses + 1.0);
    EXPECT_NEAR(seen[k], expected, 5 * std::sqrt(expected)) << k;
  }
  EXPECT_EQ(correction[0], 0);
  for (int64_t s = 0; s < kCount; ++s) {
    const int64_t k = got[0].data<int32_t>()[s];
    const double expected = kCount * std::log((k + 2.0) / (k + 1.0)) / std::log(kClasses + 1.0);
    ASSERT_NEAR(correction[1 + s], k == 0 ? -1e30f : -std::log(expected), 1e-5);
  }
}

// With many samples the estimate and its gradient come close to the full loss.
TEST(SampledSoftmax, ApproachesTheFullLoss) {
  GraphBuilder b;
  const Output hidden = Const(b, Random<float>({5, 8}, 1));
  const Output weights = Const(b, Random<float>({30, 8}, 2));
  const Output bias = Const(b, Random<float>({30}, 3));
  const Output labels = Const(b, Tensor::Of<int32_t>({5}, {0, 3, 29, 11, 3}));
  const Output logits = Add(b, MatMul(b, hidden, weights, {.transpose_b = true}), bias);
  const Output full = Sum(b, SoftmaxCrossEntropy(b, logits, labels));
  const Output sampled =
      Sum(b, SampledSoftmaxCrossEntropy(b, hidden, weights, bias, labels, 20000));
  const std::vector<Output> xs = {hidden, weights, bias};
  const auto of_full = DenseGradients(b, {full}, xs), of_sampled = DenseGradients(b, {sampled}, xs);
  ASSERT_TRUE(of_full.ok() && of_sampled.ok()) << of_sampled.status();
  for (int i = 0; i < 3; ++i) {
    const auto got = RunOnce(b, {(*of_full)[i], (*of_sampled)[i], full, sampled});
    EXPECT_NEAR(got[2].scalar<float>(), got[3].scalar<float>(), 0.2);
    for (int64_t j = 0; j < got[0].num_elements(); ++j) {
      EXPECT_NEAR(got[0].data<float>()[j], got[1].data<float>()[j], 0.05) << i << " " << j;
    }
  }
}

TEST(LayerNorm, RowsHaveMeanAndVariance) {
  for (const int64_t n : {1, 5, 16, 67}) {
    GraphBuilder b;
    const Output x = Const(b, Random<float>({2, 3, n}, 1));
    const Output scale = OnesLike(b, Const(b, Random<float>({n}, 2)));
    const Output y = LayerNorm(b, x, scale, ZerosLike(b, scale), 1e-6f);
    const Tensor got = RunOnce(b, {y})[0];
    for (int64_t r = 0; r < 6; ++r) {
      double sum = 0, squares = 0;
      for (int64_t j = 0; j < n; ++j) {
        sum += got.data<float>()[r * n + j];
        squares += std::pow(got.data<float>()[r * n + j], 2);
      }
      EXPECT_NEAR(sum / n, 0, 1e-6);
      EXPECT_NEAR(squares / n, n == 1 ? 0 : 1, 1e-4);
    }
  }
}

TEST(LayerNorm, CanBeDifferentiatedTwice) {
  for (const Shape& shape : {Shape({2, 3, 5}), Shape({4}), Shape({0, 4}), Shape({3, 0})}) {
    GraphBuilder b;
    const Shape row({shape.dim(shape.rank() - 1)});
    const std::vector<Tensor> values = {Random<double>(shape, 1), Random<double>(row, 2),
                                        Random<double>(row, 3)};
    std::vector<Output> in;
    for (const Tensor& v : values) in.push_back(Placeholder(b, kDouble, v.shape()));
    const Output weights = Const(b, Random<double>(shape, 4));
    const Output loss = Sum(b, Mul(b, weights, Square(b, LayerNorm(b, in[0], in[1], in[2], 0.1f))));
    CheckTwice(b, loss, in, values);
  }
}

TEST(LayerNorm, FloatFollowsDouble) {
  std::vector<Tensor> results[2];
  for (const bool single : {true, false}) {
    const auto random = [&](const Shape& shape, uint64_t seed) {
      return single ? Random<float>(shape, seed) : Random<double>(shape, seed);
    };
    GraphBuilder b;
    std::vector<Output> in = {Const(b, random({400, 133}, 1)), Const(b, random({133}, 2)),
                              Const(b, random({133}, 3))};
    const Output y = LayerNorm(b, in[0], in[1], in[2]);
    const auto gradients = DenseGradients(b, {y}, in, {Const(b, random({400, 133}, 4))});
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    results[single ? 0 : 1] = RunOnce(b, {y, (*gradients)[0], (*gradients)[1], (*gradients)[2]});
  }
  for (int k = 0; k < 4; ++k) {
    for (int64_t i = 0; i < results[0][k].num_elements(); ++i) {
      ASSERT_NEAR(results[0][k].ElementAsDouble(i), results[1][k].ElementAsDouble(i), 2e-5);
    }
  }
}

TEST(Dropout, DropsTheAskedPartAndScalesTheRest) {
  GraphBuilder b;
  const Output x = OnesLike(b, Const(b, Random<float>({100, 1001}, 1)));
  const Output y = Dropout(b, x, 0.3f);
  const auto gradient = DenseGradients(b, {y}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const auto got = RunOnce(b, {y, (*gradient)[0], Dropout(b, x, 0.3f)});
  int64_t dropped = 0, same = 0;
  for (int64_t i = 0; i < 100100; ++i) {
    const float value = got[0].data<float>()[i];
    dropped += value == 0;
    EXPECT_NEAR(value, value == 0 ? 0 : 1 / 0.7, 1e-4);
    ASSERT_EQ(value, got[1].data<float>()[i]) << "the gradient has another mask";
    same += value == got[2].data<float>()[i];
  }
  EXPECT_NEAR(dropped / 100100.0, 0.3, 0.01);
  EXPECT_NEAR(same / 100100.0, 0.7 * 0.7 + 0.3 * 0.3, 0.01) << "two nodes share a mask";
}

TEST(Dropout, TheMaskBelongsToTheExampleAndTheStep) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {3, -1, 10});
  const Output training = Placeholder(b, kBool, {});
  const Output y = Dropout(b, x, 0.5f, training, 1);
  auto session = Session::Create(b, {.seed = 5});
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = [&](int64_t batch, int64_t step, bool train) {
    const std::vector<float> ones(3 * batch * 10, 1.0f);
    const auto result = session->Run(
        {{x, Tensor::Of<float>({3, batch, 10}, ones)}, {training, Tensor::Scalar<bool>(train)}},
        {y}, {.step = step});
    EXPECT_TRUE(result.ok()) << result.status();
    return (*result)[0];
  };
  const Tensor four = run(4, 1, true), two = run(2, 1, true);
  for (int64_t t = 0; t < 3; ++t) {
    for (int64_t i = 0; i < 20; ++i) {
      EXPECT_EQ(four.data<float>()[t * 40 + i], two.data<float>()[t * 20 + i]);
    }
  }
  EXPECT_TRUE(run(4, 1, true).Identical(four));
  EXPECT_FALSE(run(4, 2, true).Identical(four));
  const Tensor off = run(4, 1, false);
  for (int64_t i = 0; i < 120; ++i) EXPECT_EQ(off.data<float>()[i], 1);
}

// The mask is part of what a seed means.
TEST(Dropout, TheMaskFollowsPhilox) {
  GraphBuilder b;
  const Output x = OnesLike(b, Const(b, Random<float>({2, 70}, 1)));
  const Output y = Dropout(b.Named("drop"), x, 0.5f);
  auto session = Session::Create(b, {.seed = 5});
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run({}, {y}, {.step = 9});
  ASSERT_TRUE(run.ok()) << run.status();
  const uint64_t key = HashCombine(HashCombine(5, HashString64(":drop")), HashCombine(9, 0));
  for (uint32_t example = 0; example < 2; ++example) {
    for (uint32_t j = 0; j < 70; ++j) {
      const auto words = Philox4x32({j / 64 * 8 + j % 8, 0, example, 0},
                                    {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
      const uint32_t half = j % 64 / 8;
      const uint32_t bits = half % 2 == 0 ? words[half / 2] & 0xffff : words[half / 2] >> 16;
      EXPECT_EQ((*run)[0].data<float>()[example * 70 + j], bits < 32768 ? 0 : 2) << j;
    }
  }
}

TEST(Dropout, ARateOfOneIsAnError) {
  GraphBuilder b;
  Dropout(b, Const(b, 1.0f), 1.0f);
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("rate is 1, outside [0, 1)"));
}

}  // namespace
}  // namespace viv
