// The precision pass: what computes in bfloat16, what stays float, and that training goes as in
// float.
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/ops/array.h"
#include "core/ops/image.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/rnn.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kTime = 7, kBatch = 5, kUnits = 48, kWords = 65;

// Lstm or Gru layers, dropout, attention, a product, a softmax over words.
struct Net {
  explicit Net(bool gru) {
    const auto weight = [this](const char* name, const Shape& shape) {
      return Variable(b, name, RandomUniform(b, shape, -0.2f, 0.2f));
    };
    words = Placeholder(b, kInt32, {kTime, kBatch});
    lengths = Placeholder(b, kInt32, {kBatch});
    table = weight("table", {kWords, kUnits});
    const Output x = Gather(b, table.Read(), words);
    const int64_t gates = gru ? 3 : 4;
    const Variable in = weight("in", {kUnits, gates * kUnits});
    const Variable again = weight("again", {kUnits, gates * kUnits});
    const Variable bias = weight("bias", {4 * kUnits});
    Output h;
    for (const bool reverse : {false, true}) {
      const Output y =
          gru ? Gru(b, x, lengths, {}, {in.Read(), again.Read(), bias.Read()}, {.reverse = reverse})
                    .outputs
              : Lstm(b, x, lengths, {}, {in.Read(), again.Read(), bias.Read()},
                     {.reverse = reverse})
                    .outputs;
      h = h.valid() ? Concat(b, {h, y}, 2) : y;
    }
    h = Dropout(b, h, 0.2f);
    const AttentionResult attention = Attention(b, h, h, h, lengths);
    weights = attention.weights;
    const Output rows = Reshape(b, attention.context, std::vector<int64_t>{-1, 2 * kUnits});
    const Variable out = weight("out", {2 * kUnits, kUnits});
    const Variable out_bias = weight("out_bias", Shape({kUnits}));
    const Output mixed = Tanh(b, Add(b, MatMul(b, rows, out.Read()), out_bias.Read()));
    const Output logits = MatMul(b, mixed, table.Read(), {.transpose_b = true});
    const Output labels = Reshape(b, words, std::vector<int64_t>{-1});
    loss = Div(b, Sum(b, SoftmaxCrossEntropy(b, logits, labels)), Const(b, 1.0f * kTime * kBatch));
    std::vector<Output> reads;
    const std::vector<Variable> variables = Variables(b.graph(), true);
    for (const Variable& v : variables) reads.push_back(v.Read());
    const auto dense = DenseGradients(b, {loss}, reads);
    EXPECT_TRUE(dense.ok()) << dense.status();
    gradients = *dense;
    std::vector<Output> updates;
    for (size_t i = 0; i < variables.size(); ++i) {
      updates.push_back(AssignAdd(b, variables[i], Mul(b, gradients[i], Const(b, -0.5f))));
    }
    update = Group(b, updates);
  }

  Feeds feeds() const {
    RandomStream random(3);
    std::vector<int32_t> tokens(kTime * kBatch);
    for (int32_t& token : tokens) token = static_cast<int32_t>(random.Below(kWords));
    return {{words, Tensor::Of<int32_t>({kTime, kBatch}, tokens)},
            {lengths, Tensor::Vector<int32_t>({7, 3, 0, 1, 6})}};
  }

  GraphBuilder b;
  Output words, lengths, weights, loss, update;
  Variable table;
  std::vector<Output> gradients;
};

std::vector<double> Losses(const Net& net, DType precision, int steps) {
  auto session = Session::Create(net.b, {.seed = 2, .precision = precision});
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE(session->Initialize().ok());
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    const auto results = session->Run(net.feeds(), {net.loss, net.update});
    EXPECT_TRUE(results.ok()) << results.status();
    if (!results.ok()) break;
    losses.push_back((*results)[0].scalar<float>());
  }
  return losses;
}

class PrecisionTest : public testing::TestWithParam<bool> {};

TEST_P(PrecisionTest, TrainsAsInFloat) {
  const Net net(GetParam());
  ASSERT_TRUE(net.b.ok()) << net.b.status();
  const std::vector<double> exact = Losses(net, kFloat, 30), low = Losses(net, kBFloat16, 30);
  ASSERT_EQ(low.size(), 30u);
  EXPECT_NE(exact, low) << "nothing was rounded";
  EXPECT_EQ(low, Losses(net, kBFloat16, 30)) << "two runs differ";
  for (size_t i = 0; i < low.size(); ++i) EXPECT_NEAR(low[i], exact[i], 0.03) << "step " << i;
  EXPECT_LT(low.back(), 0.9 * low.front());
}

TEST_P(PrecisionTest, GradientsAreFloatAndNear) {
  const Net net(GetParam());
  std::vector<Tensor> of[2];
  for (const bool low : {false, true}) {
    auto session = Session::Create(net.b, {.precision = low ? kBFloat16 : kFloat});
    ASSERT_TRUE(session.ok() && session->Initialize().ok());
    auto results = session->Run(net.feeds(), net.gradients, {.step = 1});
    ASSERT_TRUE(results.ok()) << results.status();
    of[low] = *results;
  }
  for (size_t i = 0; i < of[0].size(); ++i) {
    ASSERT_EQ(of[1][i].dtype(), kFloat);
    double error = 0, norm = 0;
    for (int64_t j = 0; j < of[0][i].num_elements(); ++j) {
      const double exact = of[0][i].data<float>()[j], low = of[1][i].data<float>()[j];
      error += (exact - low) * (exact - low);
      norm += exact * exact;
    }
    EXPECT_GT(norm, 0);
    EXPECT_LT(std::sqrt(error / norm), 0.03) << net.gradients[i].node->Describe();
  }
}

TEST_P(PrecisionTest, ConvertsEveryLayerAndKeepsCastsOutOfMemory) {
  const Net net(GetParam());
  auto session = Session::Create(net.b, {.precision = kBFloat16});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto run = session->Prepare({net.words, net.lengths}, {net.loss, net.update});
  ASSERT_TRUE(run.ok()) << run.status();
  const std::string text = run->Explain();
  EXPECT_THAT(text, HasSubstr("compute in bfloat16"));
  EXPECT_THAT(text, Not(HasSubstr(" MatMul("))) << text;
  for (const std::string layer :
       {GetParam() ? "Gru" : "Lstm", GetParam() ? "GruGrad" : "LstmGrad", "Attention",
        "AttentionGrad", "SoftmaxCrossEntropyGrad", "Dropout"}) {
    EXPECT_THAT(text, testing::ContainsRegex(absl::StrCat(": ", layer, "[(].*-> bfloat16")))
        << text;
  }
  // Of all casts a few are left that are no part of another node.
  int casts = 0;
  for (size_t at = 0; (at = text.find(": Cast(", at)) != std::string::npos; ++at) ++casts;
  EXPECT_LE(casts, 8) << text;
}

INSTANTIATE_TEST_SUITE_P(Layers, PrecisionTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Gru" : "Lstm"; });

// Images between two products: normalised, pooled, and back.
TEST(Precision, StoresNormalisedAndPooledImagesInSixteenBits) {
  constexpr int64_t kChannels = 48;
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2 * 6 * 6, kChannels});
  const Variable in(b, "in", RandomUniform(b, {kChannels, kChannels}, -0.2f, 0.2f)),
      out(b, "out", RandomUniform(b, {kChannels, kChannels}, -0.2f, 0.2f)),
      scale(b, "scale", RandomUniform(b, {kChannels}, 0.5f, 1)),
      offset(b, "offset", RandomUniform(b, {kChannels}, 0, 1));
  const Output images = Reshape(b, MatMul(b, x, in.Read()), {2, 6, 6, kChannels});
  const BatchNormResult normal = BatchNorm(b, images, scale.Read(), offset.Read(), {.relu = true});
  const Output pooled = AvgPool2D(b, MaxPool2D(b, normal.y, Pool2DOptions::Square(2, 2)),
                                  Pool2DOptions::Square(3, 1, WindowPadding::Same()));
  const Output y = MatMul(b, Reshape(b, pooled, {2 * 3 * 3, kChannels}), out.Read());
  const Output loss = Mean(b, Square(b, y));
  const auto gradients =
      DenseGradients(b, {loss}, {in.Read(), scale.Read(), offset.Read(), out.Read()});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  std::vector<Output> fetches = *gradients;
  fetches.insert(fetches.end(), {loss, normal.mean, normal.variance});
  std::vector<float> numbers(2 * 6 * 6 * kChannels);
  RandomStream random(5);
  for (float& v : numbers) v = static_cast<float>(2 * random.Uniform() - 1);
  const Feeds feeds = {{x, Tensor::Of<float>({2 * 6 * 6, kChannels}, numbers)}};
  std::vector<Tensor> of[2];
  for (const bool low : {false, true}) {
    auto session = Session::Create(b, {.precision = low ? kBFloat16 : kFloat});
    ASSERT_TRUE(session.ok() && session->Initialize().ok());
    auto results = session->Run(feeds, fetches);
    ASSERT_TRUE(results.ok()) << results.status();
    of[low] = *results;
    if (!low) continue;
    const auto run = session->Prepare({x}, fetches);
    ASSERT_TRUE(run.ok()) << run.status();
    for (const char* op : {"BatchNorm", "BatchNormGrad", "MaxPool2D", "MaxPool2DGrad", "AvgPool2D",
                           "AvgPool2DGrad"}) {
      EXPECT_THAT(run->Explain(),
                  testing::ContainsRegex(absl::StrCat(": ", op, "[(].*-> bfloat16")))
          << run->Explain();
    }
  }
  for (size_t i = 0; i < of[0].size(); ++i) {
    ASSERT_EQ(of[1][i].dtype(), kFloat);
    double error = 0, norm = 0;
    for (int64_t j = 0; j < of[0][i].num_elements(); ++j) {
      const double exact = of[0][i].data<float>()[j];
      error += std::pow(exact - of[1][i].data<float>()[j], 2);
      norm += exact * exact;
    }
    EXPECT_LT(std::sqrt(error / norm), 0.06) << fetches[i].node->Describe();
  }
}

TEST(Precision, LeavesSmallProductsAndFetchesAlone) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 8});
  const Variable small(b, "small", RandomNormal(b, {8, 8})),
      large(b, "large", RandomNormal(b, {8, 512}));
  const Output y = MatMul(b, x, small.Read()), z = MatMul(b, y, large.Read());
  auto session = Session::Create(b, {.precision = kBFloat16});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto run = session->Prepare({x}, {z});
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->Explain(), HasSubstr(" MatMul("));
  EXPECT_THAT(run->Explain(), testing::ContainsRegex("MixedMatMul[(].*-> float"));
}

TEST(Precision, KeepsAllBitsOfWhatIsFetchedOrUpdatesAVariable) {
  GraphBuilder b;
  const Variable w(b, "w", RandomNormal(b, {64, 64}));
  const Output moved = Mul(b, w.Read(), Const(b, 0.7f)), seen = Tanh(b, w.Read());
  const Output y = MatMul(b, MatMul(b, Placeholder(b, kFloat, {2, 64}), moved), seen);
  const Output x = y.node->input(0).node->input(0), update = Assign(b, w, moved);
  for (const DType precision : {kFloat, kBFloat16}) {
    auto session = Session::Create(b, {.precision = precision});
    ASSERT_TRUE(session.ok() && session->Initialize().ok());
    const float first = session->VariableValues().at("w").data<float>()[5];
    const auto results = session->Run(
        {{x, Tensor::Of<float>({2, 64}, std::vector<float>(128, 0.1f))}}, {y, seen, update});
    ASSERT_TRUE(results.ok()) << results.status();
    EXPECT_NEAR((*results)[1].data<float>()[5], std::tanh(first), 1e-6);
    EXPECT_EQ(session->VariableValues().at("w").data<float>()[5], first * 0.7f);
  }
}

TEST(Precision, OfOtherTypesIsAnError) {
  GraphBuilder b;
  EXPECT_THAT(Session::Create(b, {.precision = kInt32}).status().message(),
              HasSubstr("the precision is int32: it must be float, bfloat16 or int8"));
}

TEST(Precision, EightBitsAreForProductsWithVariables) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 64});
  const Variable w(b, "w", RandomNormal(b, {64, 128})), v(b, "v", RandomNormal(b, {80, 128}));
  const Output y = MatMul(b, x, w.Read());
  const Output z = MatMul(b, y, v.Read(), {.transpose_b = true});
  const Output square = MatMul(b, y, y, {.transpose_b = true});
  RandomStream random(1);
  std::vector<float> values(3 * 64);
  for (float& value : values) value = random.Uniform() - 0.5f;
  std::vector<Tensor> exact, rounded;
  for (const DType precision : {kFloat, kInt8}) {
    auto session = Session::Create(b, {.precision = precision});
    ASSERT_TRUE(session.ok() && session->Initialize().ok());
    const auto run = session->Prepare({x}, {z, square});
    ASSERT_TRUE(run.ok()) << run.status();
    (precision == kFloat ? exact : rounded).resize(2);
    const Tensor feeds[] = {Tensor::Of<float>({3, 64}, values)};
    ASSERT_TRUE(run->Run(feeds, absl::MakeSpan(precision == kFloat ? exact : rounded)).ok());
    if (precision == kFloat) continue;
    EXPECT_THAT(run->Explain(), HasSubstr("2 compute in 8 bits"));
    EXPECT_THAT(run->Explain(), HasSubstr(": MixedMatMul("));
  }
  double error = 0, size = 0;
  for (int64_t i = 0; i < exact[0].num_elements(); ++i) {
    error += std::abs(exact[0].data<float>()[i] - rounded[0].data<float>()[i]);
    size += std::abs(exact[0].data<float>()[i]);
  }
  EXPECT_GT(error, 0);
  EXPECT_LT(error, 0.02 * size);
}

}  // namespace
}  // namespace viv
