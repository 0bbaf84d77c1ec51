// Programs: the same values with and without passes, on one device and on several.
#include <atomic>
#include <thread>

#include "check_gradients.h"
#include "core/autodiff/gradients.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/optimizer.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A small classifier and a step of its training, with noise on its input.
struct Net {
  GraphBuilder b;
  Output x, labels, loss, step;
  std::vector<Output> gradients;

  explicit Net(const std::vector<std::string>& devices = {"", ""}) {
    x = Placeholder(b, kFloat, {-1, 8});
    labels = Placeholder(b, kInt32, {-1});
    const GraphBuilder one = b.OnDevice(devices[0]), two = b.OnDevice(devices[1]);
    const Variable w1(one, "w1", GlorotUniform(one.Named("init1"), 8, 16));
    const Variable b1(one, "b1", Const(one, *Tensor::Zeros(kFloat, {16})));
    const Variable w2(two, "w2", GlorotUniform(two.Named("init2"), 16, 4));
    const Output noisy = Add(one, x, RandomNormal(one.Named("noise"), {8}, 0.1f));
    const Output hidden = Tanh(one, Add(one, MatMul(one, noisy, w1.Read()), b1.Read()));
    const Output logits = MatMul(two, hidden, w2.Read());
    loss = Mean(two, SoftmaxCrossEntropy(two, logits, labels));
    const std::vector<Variable> weights = {w1, b1, w2};
    gradients = *DenseGradients(b, {loss}, {w1.Read(), b1.Read(), w2.Read()});
    std::vector<Output> updates;
    for (size_t i = 0; i < weights.size(); ++i) {
      updates.push_back(ApplySgd(b, weights[i], gradients[i], Const(b, 0.1f)));
    }
    step = Group(b, updates);
  }

  Feeds MakeFeeds(int64_t rows) const {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < rows; ++i) ids.push_back(static_cast<int32_t>(i % 4));
    return {{x, Random<float>({rows, 8}, 3)}, {labels, Tensor::Vector<int32_t>(ids)}};
  }
};

// Loss and gradients of the steps of a training run, then the weights.
std::vector<Tensor> Train(const Net& net, const SessionOptions& options) {
  auto session = Session::Create(net.b, options);
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE(session->Initialize().ok());
  std::vector<Tensor> values;
  std::vector<Output> fetches = net.gradients;
  fetches.push_back(net.loss);
  fetches.push_back(net.step);
  for (const int64_t rows : {4, 4, 7, 1, 4}) {
    const auto result = session->Run(net.MakeFeeds(rows), fetches);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    values.insert(values.end(), result->begin(), result->end() - 1);
  }
  for (const auto& [name, value] : session->VariableValues()) values.push_back(value);
  return values;
}

void ExpectIdentical(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].Identical(b[i])) << i << ": " << a[i].ToString() << " " << b[i].ToString();
  }
}

TEST(Program, TheSameValuesWithAndWithoutPasses) {
  const Net net;
  ExpectIdentical(Train(net, {.seed = 3}), Train(net, {.seed = 3, .passes = PassOptions::None()}));
}

TEST(Program, TheSameValuesOnTwoDevices) {
  const Net net({"/device:cpu:0", "/device:cpu:1"});
  const std::vector<Tensor> single = Train(net, {.seed = 3});
  ExpectIdentical(Train(net, {.seed = 3, .cpu_devices = 2}), single);
  ExpectIdentical(Train(net, {.seed = 3, .passes = PassOptions::None(), .cpu_devices = 2}), single);
}

TEST(Program, PassesShrinkItAndExplainSaysSo) {
  GraphBuilder b;
  const Output x = Placeholder(b.Named("x"), kFloat, {-1, 4});
  const Output scale = Exp(b, Const(b, 1.0f));
  const Output scaled = Mul(b.Named("scaled"), x, scale);
  const Output y = Add(b, scaled, Mul(b, x, scale));
  auto with = Session::Create(b);
  auto without = Session::Create(b, {.passes = PassOptions::None()});
  ASSERT_TRUE(with.ok() && without.ok());
  const auto program = with->Prepare({x}, {y}), plain = without->Prepare({x}, {y});
  ASSERT_TRUE(program.ok() && plain.ok());
  EXPECT_THAT(program->Explain(), HasSubstr("6 nodes, of which 0 were simplified, 1 folded, 1 "
                                            "merged and 2 fused: 3 are left"));
  EXPECT_THAT(program->Explain(), HasSubstr("Add_1: Mul+Add(x:0, Exp_1:0) -> float[?, 4]"));
  EXPECT_THAT(program->Explain(), Not(HasSubstr(": Exp(")));
  EXPECT_THAT(plain->Explain(), HasSubstr(": Exp("));

  std::vector<Tensor> results(1);
  const std::vector<Tensor> fed = {Random<float>({64, 4}, 1)};
  ASSERT_TRUE(program->Run(fed, absl::MakeSpan(results)).ok());
  // The fetched sum lies in memory of its own; the product never leaves the cache.
  EXPECT_THAT(program->Explain(),
              HasSubstr("constants 4 bytes, static peak 0, high water 1024, plans 1"));
  ASSERT_TRUE(plain->Run(fed, absl::MakeSpan(results)).ok());
  // Here two products lie in the arena.
  EXPECT_THAT(plain->Explain(),
              HasSubstr("constants 4 bytes, static peak 2048, high water 3072, plans 1"));
}

TEST(Program, OutlivesNoGrowthOfTheGraph) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const Output y = Identity(b, Neg(b, x));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  const Feeds feeds = {{x, Tensor::Of<float>({2}, {1, 2})}};
  ASSERT_TRUE(session->Run(feeds, {y}).ok());
  const Output z = Add(b, y, Identity(b, x));
  const auto result = session->Run(feeds, {z, y});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].data<float>()[1], 0);
  EXPECT_EQ((*result)[1].data<float>()[1], -2);
}

TEST(Program, FetchesThatBecomeOneAreBothThere) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const std::vector<Output> fetches = {Exp(b, x), Exp(b, x), Identity(b, x),
                                       Exp(b, Const(b, 1.0f))};
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  const auto prepared = session->Prepare({x}, fetches);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  const std::vector<Tensor> fed = {Tensor::Of<float>({2}, {0, 1})};
  for (const bool preallocated : {false, true}) {
    std::vector<Tensor> results(4);
    if (preallocated) {
      for (Tensor& result : results) result = *Tensor::Zeros(kFloat, {2});
      results[3] = *Tensor::Zeros(kFloat, {});
    }
    ASSERT_TRUE(prepared->Run(fed, absl::MakeSpan(results)).ok());
    EXPECT_EQ(results[0].data<float>()[0], 1);
    EXPECT_TRUE(results[1].Identical(results[0]));
    EXPECT_TRUE(results[2].Identical(fed[0]));
    EXPECT_FLOAT_EQ(results[3].scalar<float>(), std::exp(1.0f));
  }
}

}  // namespace
}  // namespace viv
