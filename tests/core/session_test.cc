// Sessions end to end: values, gradients, state, errors.
#include "core/runtime/session.h"

#include <thread>

#include "core/autodiff/gradients.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/optimizer.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(Session, ComputesFetches) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 2});
  const Output y = Add(b, Mul(b, x, Const(b, 3.0f)), Const(b, Tensor::Of<float>({2}, {1, 2})));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  for (const int64_t rows : {2, 1, 0, 2}) {
    std::vector<float> values(rows * 2, 2.0f);
    const auto result = session->Run({{x, Tensor::Of<float>({rows, 2}, values)}}, {y});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].shape(), Shape({rows, 2}));
    for (int64_t i = 0; i < rows; ++i) EXPECT_EQ((*result)[0].data<float>()[2 * i + 1], 8.0f);
  }
}

TEST(Session, ErrorsNameTheLineThatBuiltTheNode) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2, 3});
  MatMul(b, x, x);
  EXPECT_THAT(Message(b.status()), HasSubstr("session_test.cc:"));
  EXPECT_THAT(Message(b.status()), HasSubstr("inner extents 3 and 2"));

  GraphBuilder open;
  const Output u = Placeholder(open, kFloat, {-1, -1});
  const Output product = MatMul(open, u, u);
  auto session = Session::Create(open);
  ASSERT_TRUE(session.ok());
  const auto result = session->Run({{u, Tensor::Of<float>({1, 2}, {1, 2})}}, {product});
  EXPECT_THAT(Message(result.status()), HasSubstr("session_test.cc:"));
  EXPECT_THAT(Message(result.status()), HasSubstr("inner extents 2 and 1"));
  EXPECT_THAT(Message(session->Run({}, {product}).status()), HasSubstr("must be fed"));
  EXPECT_THAT(Message(session->Run({{u, Tensor::Scalar<double>(1)}}, {product}).status()),
              HasSubstr("takes float[?, ?], but is fed double[]"));
}

TEST(Session, RefusesShapesBeyondAllMemory) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 1});
  const Output y = Tile(b, x, {1, int64_t{1} << 62});
  ASSERT_TRUE(b.ok()) << b.status();
  absl::StatusOr<Session> session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const absl::Status status =
      session->Run({{x, Tensor::Of<float>({3, 1}, {1, 2, 3})}}, {y}).status();
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(HasSubstr("session_test.cc:"), HasSubstr("too many elements")));
}

TEST(Session, RunBeforeInitializeSaysSo) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  EXPECT_THAT(Message(session->Run({}, {v.Read()}).status()), HasSubstr("call Initialize()"));
}

TEST(Session, ReadsSeeTheValueFromBeforeTheRun) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, Tensor::Of<float>({2}, {1, 2})));
  const Output update = AssignAdd(b, v, v.Read());
  const Output twice = Mul(b, v.Read(), Const(b, 2.0f));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto kept = session->Run({}, {v.Read(), update, twice});
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ((*kept)[0].data<float>()[1], 2);
  EXPECT_EQ((*kept)[2].data<float>()[1], 4);
  EXPECT_EQ(session->VariableValues()["v"].data<float>()[1], 4);
  ASSERT_TRUE(session->Run({}, {update}).ok());
  EXPECT_EQ((*kept)[0].data<float>()[1], 2) << "a snapshot changed";
}

TEST(Session, AFailedRunChangesNothing) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  const Output divisor = Placeholder(b, kInt32, {});
  const Output quotient = Div(b, Const<int32_t>(b, 1), divisor);
  const Output update = AssignAdd(b, v, Const(b, 1.0f));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto failed = session->Run({{divisor, Tensor::Scalar<int32_t>(0)}}, {update, quotient});
  EXPECT_THAT(Message(failed.status()), HasSubstr("by zero"));
  EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), 1);
}

TEST(Session, ConcurrentRunsSeeWholeSteps) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 0.0f));
  const Variable w(b, "w", Const(b, 0.0f));
  const Output both = Group(b, {AssignAdd(b, v, Const(b, 1.0f)), AssignAdd(b, w, Const(b, 1.0f))});
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  constexpr int kThreads = 4, kRuns = 200;
  std::vector<std::thread> threads;
  std::atomic<int> torn{0}, failed{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRuns; ++i) {
        const auto read = session->Run({}, {v.Read(), w.Read(), both});
        if (!read.ok()) {
          ++failed;
        } else if ((*read)[0].scalar<float>() != (*read)[1].scalar<float>()) {
          ++torn;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), kThreads * kRuns);
}

TEST(Session, NothingRunsAfterAnUpdate) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  const Output update = AssignAdd(b, v, Const(b, 1.0f));
  const Output after = Neg(b.After({update}), v.Read());
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  EXPECT_THAT(Message(session->Run({}, {after}).status()), HasSubstr("use a second run"));
}

TEST(Session, ShapesThatFollowFromShapes) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, -1});
  const Output flat = Reshape(b, x, {-1});
  const Output mean = Mean(b, x);
  const Output same = Reshape(b, flat, ShapeOf(b, x));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  const Tensor fed = Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto result = session->Run({{x, fed}}, {flat, mean, same});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].shape(), Shape({6}));
  EXPECT_FLOAT_EQ((*result)[1].scalar<float>(), 3.5f);
  EXPECT_TRUE((*result)[2].Identical(fed));
}

TEST(Session, AFedShapeDecidesTheResult) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {6});
  const Output shape = Placeholder(b, kInt64, {2});
  const Output y = Reshape(b, Neg(b, x), shape);
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  const Tensor fed = Tensor::Of<float>({6}, {1, 2, 3, 4, 5, 6});
  for (const auto& wanted : {Shape({2, 3}), Shape({3, 2}), Shape({2, 3})}) {
    const auto result =
        session->Run({{x, fed}, {shape, Tensor::Vector<int64_t>(wanted.dims())}}, {y});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].shape(), wanted);
    EXPECT_EQ((*result)[0].data<float>()[5], -6);
  }
}

TEST(Session, RandomNumbersAreAFunctionOfSeedAndStep) {
  GraphBuilder b;
  const Output x = RandomNormal(b.Named("noise"), {1001});
  auto one = Session::Create(b, {.seed = 7});
  auto two = Session::Create(b, {.seed = 7});
  ASSERT_TRUE(one.ok() && two.ok());
  const Tensor first = (*one->Run({}, {x}, {.step = 3}))[0];
  EXPECT_TRUE((*two->Run({}, {x}, {.step = 3}))[0].Identical(first));
  EXPECT_FALSE((*two->Run({}, {x}, {.step = 4}))[0].Identical(first));
}

// A classifier of points learns exclusive or, which no linear one can.
TEST(Training, AdamLearnsExclusiveOr) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 2});
  const Output labels = Placeholder(b, kInt32, {-1});
  const Variable w1(b, "w1", GlorotUniform(b.Named("init1"), 2, 16));
  const Variable b1(b, "b1", Const(b, *Tensor::Zeros(kFloat, {16})));
  const Variable w2(b, "w2", GlorotUniform(b.Named("init2"), 16, 2));
  const Output hidden = Tanh(b, Add(b, MatMul(b, x, w1.Read()), b1.Read()));
  const Output logits = MatMul(b, hidden, w2.Read());
  const Output loss = Mean(b, SoftmaxCrossEntropy(b, logits, labels));
  const Variable count(b, "count", Const(b, 1.0f), {.trainable = false});
  const std::vector<Variable> weights = Variables(b.graph(), true);
  std::vector<Output> reads;
  for (const Variable& v : weights) reads.push_back(v.Read());
  const auto gradients = DenseGradients(b, {loss}, reads);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  std::vector<Output> updates = {AssignAdd(b, count, Const(b, 1.0f))};
  for (size_t i = 0; i < weights.size(); ++i) {
    const Output zeros = Const(b, *Tensor::Zeros(kFloat, weights[i].Read().shape().ToShape()));
    const Variable m(b, weights[i].name() + "/adam/m", zeros, {.trainable = false});
    const Variable s(b, weights[i].name() + "/adam/s", zeros, {.trainable = false});
    updates.push_back(
        ApplyAdam(b, weights[i], m, s, (*gradients)[i], Const(b, 0.05f), count.Read()));
  }
  const Output step = Group(b, updates);
  auto session = Session::Create(b, {.seed = 1});
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  const Feeds feeds = {{x, Tensor::Of<float>({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1})},
                       {labels, Tensor::Of<int32_t>({4}, {0, 1, 1, 0})}};
  float last = 0;
  for (int i = 0; i < 200; ++i) {
    const auto result = session->Run(feeds, {loss, step});
    ASSERT_TRUE(result.ok()) << result.status();
    last = (*result)[0].scalar<float>();
  }
  EXPECT_LT(last, 0.05f);
}

}  // namespace
}  // namespace viv
