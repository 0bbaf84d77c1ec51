// Scan: values against loops in C++, gradients against central differences, errors.
#include <cmath>

#include "check_gradients.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::vector<Tensor> RunGraph(const GraphBuilder& b, const std::vector<Output>& fetches,
                             const Feeds& feeds = {}) {
  auto session = Session::Create(b);
  EXPECT_TRUE(session.ok()) << session.status();
  if (!session.ok()) return std::vector<Tensor>(fetches.size());
  auto result = session->Run(feeds, fetches);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : std::vector<Tensor>(fetches.size());
}

// Running sums of the rows.
ScanValues RunningSums(const GraphBuilder& b, Output initial, Output rows, bool reverse = false) {
  return Scan(b, {initial}, {rows},
              [](const GraphBuilder& b, const Outputs& carries, const Outputs& rows) -> ScanValues {
                const Output sum = Add(b, carries[0], rows[0]);
                return {.carries = {sum}, .outputs = {sum}};
              },
              {.reverse = reverse});
}

TEST(Scan, RunsOverRows) {
  for (const bool reverse : {false, true}) {
    GraphBuilder b;
    const Output rows = Placeholder(b, kFloat, {-1, 2});
    const ScanValues sums =
        RunningSums(b, Const(b, Tensor::Of<float>({2}, {0, 100})), rows, reverse);
    ASSERT_TRUE(b.ok()) << b.status();
    EXPECT_EQ(sums.carries[0].shape(), PartialShape({2}));
    EXPECT_EQ(sums.outputs[0].shape(), PartialShape({-1, 2}));
    auto session = Session::Create(b);
    ASSERT_TRUE(session.ok());
    for (const int64_t steps : {3, 1, 0, 2, 5}) {
      std::vector<float> values;
      for (int64_t i = 0; i < 2 * steps; ++i) values.push_back(static_cast<float>(i + 1));
      const auto result = session->Run({{rows, Tensor::Of<float>({steps, 2}, values)}},
                                       {sums.carries[0], sums.outputs[0]});
      ASSERT_TRUE(result.ok()) << result.status();
      ASSERT_EQ((*result)[1].shape(), Shape({steps, 2}));
      float even = 0, odd = 100;
      for (int64_t k = 0; k < steps; ++k) {
        const int64_t t = reverse ? steps - 1 - k : k;
        even += values[2 * t];
        odd += values[2 * t + 1];
        EXPECT_EQ((*result)[1].data<float>()[2 * t], even);
        EXPECT_EQ((*result)[1].data<float>()[2 * t + 1], odd);
      }
      EXPECT_THAT((*result)[0].flat<float>(), ElementsAre(even, odd));
    }
  }
}

TEST(Scan, HandsOnCarriesOfManyTypesThatChangePlaces) {
  GraphBuilder b;
  const Output one = Const<int32_t>(b, 1);
  const ScanValues result = Scan(
      b, {Const(b, 1.0), Const(b, 2.0), Const<int32_t>(b, 0), Const(b, Tensor::Scalar("kept"))}, {},
      [one](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
        return {.carries = {c[1], c[0], Add(b, c[2], one), c[3]}, .outputs = {c[2], c[0], c[3]}};
      },
      {.length = 3});
  ASSERT_TRUE(b.ok()) << b.status();
  const auto values =
      RunGraph(b, {result.carries[0], result.carries[1], result.carries[2], result.carries[3],
                   result.outputs[0], result.outputs[1], result.outputs[2]});
  EXPECT_EQ(values[0].scalar<double>(), 2.0);
  EXPECT_EQ(values[1].scalar<double>(), 1.0);
  EXPECT_EQ(values[2].scalar<int32_t>(), 3);
  EXPECT_EQ(values[3].scalar<std::string>(), "kept");
  EXPECT_THAT(values[4].flat<int32_t>(), ElementsAre(0, 1, 2));
  EXPECT_THAT(values[5].flat<double>(), ElementsAre(1.0, 2.0, 1.0));
  EXPECT_THAT(values[6].flat<std::string>(), ElementsAre("kept", "kept", "kept"));
}

TEST(Scan, SeesVariablesAndFeedsOfTheGraphAround) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 3.0f));
  const Output x = Placeholder(b, kFloat, {});
  const ScanValues powers =
      Scan(b, {x}, {},
           [&](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
             return {.carries = {Mul(b, c[0], v.Read())}};
           },
           {.length = 4});
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  for (const float at : {2.0f, 5.0f}) {
    const auto result = session->Run({{x, Tensor::Scalar(at)}}, {powers.carries[0]});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].scalar<float>(), at * 81);
  }
}

// h' = tanh(x W + h U + b), as users would write it.
ScanValues Elman(const GraphBuilder& b, Output h0, Output xs, Output w, Output u, Output bias,
                 bool reverse) {
  return Scan(b, {h0}, {xs},
              [&](const GraphBuilder& b, const Outputs& c, const Outputs& rows) -> ScanValues {
                const Output z = Add(b, Add(b, MatMul(b, rows[0], w), MatMul(b, c[0], u)), bias);
                const Output h = Tanh(b, z);
                return {.carries = {h}, .outputs = {Square(b, h)}};
              },
              {.reverse = reverse});
}

class ScanGradient : public ::testing::TestWithParam<bool> {};

TEST_P(ScanGradient, OfARecurrentNetAgreesWithDifferences) {
  // Known and unknown extents.
  for (const bool known : {true, false}) {
    GraphBuilder b;
    const int64_t any = known ? 0 : -1;
    const auto extent = [&](int64_t n) { return known ? n : any; };
    const Output xs = Placeholder(b, kDouble, {extent(4), extent(2), 3});
    const Output h0 = Placeholder(b, kDouble, {extent(2), 5});
    const Output w = Placeholder(b, kDouble, {3, 5}), u = Placeholder(b, kDouble, {5, 5});
    const Output bias = Placeholder(b, kDouble, {5});
    const ScanValues y = Elman(b, h0, xs, w, u, bias, GetParam());
    const Output loss = Add(b, Sum(b, Square(b, y.carries[0])), Sum(b, Exp(b, y.outputs[0])));
    ASSERT_TRUE(b.ok()) << b.status();
    CheckGradients(b, loss, {xs, h0, w, u, bias},
                   {Random<double>({4, 2, 3}, 1), Random<double>({2, 5}, 2),
                    Random<double>({3, 5}, 3), Random<double>({5, 5}, 4), Random<double>({5}, 5)});
  }
}

TEST_P(ScanGradient, OfTheGradientAgreesWithDifferences) {
  GraphBuilder b;
  const Output xs = Placeholder(b, kDouble, {3, 2, 2}), h0 = Placeholder(b, kDouble, {2, 3});
  const Output w = Placeholder(b, kDouble, {2, 3}), u = Placeholder(b, kDouble, {3, 3});
  const Output bias = Placeholder(b, kDouble, {3});
  const ScanValues y = Elman(b, h0, xs, w, u, bias, GetParam());
  const Output loss = Add(b, Sum(b, Square(b, y.carries[0])), Sum(b, Exp(b, y.outputs[0])));
  const std::vector<Output> inputs = {xs, h0, w, u, bias};
  const auto first = DenseGradients(b, {loss}, inputs);
  ASSERT_TRUE(first.ok()) << first.status();
  Output norm = Const(b, 0.0);
  for (const Output& gradient : *first) norm = Add(b, norm, Sum(b, Square(b, gradient)));
  CheckGradients(b, norm, inputs,
                 {Random<double>({3, 2, 2}, 1), Random<double>({2, 3}, 2),
                  Random<double>({2, 3}, 3), Random<double>({3, 3}, 4), Random<double>({3}, 5)},
                 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Directions, ScanGradient, ::testing::Bool());

TEST(Scan, GradientsOfNestedLoops) {
  GraphBuilder b;
  const Output rows = Placeholder(b, kDouble, {3, 2}), x = Placeholder(b, kDouble, {2});
  const ScanValues outer =
      Scan(b, {x}, {rows},
           [&](const GraphBuilder& b, const Outputs& c, const Outputs& row) -> ScanValues {
             const ScanValues inner =
                 Scan(b, {c[0]}, {},
                      [&](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
                        const Output next = Tanh(b, Add(b, Mul(b, c[0], row[0]), x));
                        return {.carries = {next}, .outputs = {Exp(b, next)}};
                      },
                      {.length = 2});
             return {.carries = {inner.carries[0]}, .outputs = {Sum(b, inner.outputs[0], {0})}};
           });
  const Output loss = Add(b, Sum(b, outer.carries[0]), Sum(b, Square(b, outer.outputs[0])));
  ASSERT_TRUE(b.ok()) << b.status();
  const std::vector<Tensor> at = {Random<double>({3, 2}, 1), Random<double>({2}, 2)};
  CheckGradients(b, loss, {rows, x}, at);
  const auto first = DenseGradients(b, {loss}, {rows, x});
  ASSERT_TRUE(first.ok()) << first.status();
  const Output norm = Add(b, Sum(b, Square(b, (*first)[0])), Sum(b, Square(b, (*first)[1])));
  CheckGradients(b, Mul(b, norm, Const(b, 1e-3)), {rows, x}, at, 1e-6);
}

TEST(Scan, GradientOfRowsGatheredFromACapturedTable) {
  GraphBuilder b;
  const Output table = Placeholder(b, kDouble, {4, 2});
  const Output ids = Const(b, Tensor::Of<int32_t>({3, 2}, {0, 3, 3, 1, 0, 0}));
  const ScanValues y =
      Scan(b, {ZerosLike(b, Const(b, Tensor::Of<double>({2, 2}, {0, 0, 0, 0})))}, {ids},
           [&](const GraphBuilder& b, const Outputs& c, const Outputs& row) -> ScanValues {
             return {.carries = {Tanh(b, Add(b, c[0], Gather(b, table, row[0])))}};
           });
  CheckGradients(b, Sum(b, y.carries[0]), {table}, {Random<double>({4, 2}, 7)});
}

TEST(Scan, GradientsWithoutSteps) {
  GraphBuilder b;
  const Output xs = Placeholder(b, kDouble, {-1, 2}), x = Placeholder(b, kDouble, {2});
  const Output w = Placeholder(b, kDouble, {2});
  const ScanValues y = Scan(
      b, {x}, {xs}, [&](const GraphBuilder& b, const Outputs& c, const Outputs& row) -> ScanValues {
        return {.carries = {Mul(b, c[0], Mul(b, row[0], w))}};
      });
  CheckGradients(b, Sum(b, Square(b, y.carries[0])), {xs, x, w},
                 {Random<double>({0, 2}, 1), Random<double>({2}, 2), Random<double>({2}, 3)});
  CheckGradients(b, Sum(b, Square(b, y.carries[0])), {xs, x, w},
                 {Random<double>({1, 2}, 1), Random<double>({2}, 2), Random<double>({2}, 3)});
}

// The gradient of a matrix is one product behind the loop: no step carries its sum.
TEST(Scan, SumsProductsOfAllStepsAtOnce) {
  for (const int64_t steps : {5, 1, 0}) {
    GraphBuilder b;
    const Output xs = Placeholder(b, kDouble, {-1, 2, 3}), h0 = Placeholder(b, kDouble, {2, 4});
    const Output w = Placeholder(b, kDouble, {3, 4}), u = Placeholder(b, kDouble, {4, 4});
    const Output bias = Placeholder(b, kDouble, {4});
    const Output loss = Sum(b, Square(b, Elman(b, h0, xs, w, u, bias, false).carries[0]));
    CheckGradients(b, loss, {xs, h0, w, u, bias},
                   {Random<double>({steps, 2, 3}, 1), Random<double>({2, 4}, 2),
                    Random<double>({3, 4}, 3), Random<double>({4, 4}, 4), Random<double>({4}, 5)});
    int loops = 0;
    for (const auto& node : b.graph().nodes()) {
      if (node->op_name() != "Scan" || ++loops == 1) continue;
      EXPECT_EQ(node->attrs().Int("carries"), 2);  // of h and of the bias
    }
    EXPECT_EQ(loops, 2);
  }
}

// No gradient flows through the integer and the unused carry: neither needs one.
TEST(Scan, AsksForNoGradientThatNobodyNeeds) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2});
  const Output one = Const<int32_t>(b, 1);
  const ScanValues y =
      Scan(b, {x, Const<int32_t>(b, 0), x}, {},
           [&](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
             const Output rounded = Cast(b, Cast(b, c[2], kInt32), kDouble);
             return {.carries = {Mul(b, c[0], x), Add(b, c[1], one), rounded}};
           },
           {.length = 3});
  CheckGradients(b, Sum(b, y.carries[0]), {x}, {Random<double>({2}, 2)});
}

TEST(Scan, DrawsOtherRandomNumbersInEachStepAndTheSameInTheGradient) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {100});
  const auto body = [&](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
    const Output y = Dropout(b, x, 0.5f);
    return {.carries = {Add(b, c[0], Sum(b, y))}, .outputs = {y, RandomUniform(b, {50})}};
  };
  const ScanValues one = Scan(b, {Const(b, 0.0)}, {}, body, {.length = 3});
  const ScanValues two = Scan(b, {Const(b, 0.0)}, {}, body, {.length = 3});
  const auto gradient = DenseGradients(b, {one.carries[0]}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const Tensor ones = Tensor::Of<double>({100}, std::vector<double>(100, 1.0));
  const auto values =
      RunGraph(b, {one.outputs[0], one.outputs[1], two.outputs[0], two.outputs[1], (*gradient)[0]},
               {{x, ones}});
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(values[i].Row(0).Identical(values[i].Row(1)));
    EXPECT_FALSE(values[i].Row(1).Identical(values[i].Row(2)));
  }
  EXPECT_FALSE(values[0].Identical(values[2]));
  EXPECT_FALSE(values[1].Identical(values[3]));
  for (int i = 0; i < 100; ++i) {
    double sum = 0;
    for (int t = 0; t < 3; ++t) sum += values[0].Row(t).data<double>()[i];
    EXPECT_EQ(values[4].data<double>()[i], sum);
  }
}

TEST(Scan, ErrorsInABodyNameTheLoopTheStepAndTheNode) {
  GraphBuilder b;
  const Output divisors = Placeholder(b, kInt32, {-1});
  const ScanValues y =
      Scan(b.Scope("layer"), {Const<int32_t>(b, 60)}, {divisors},
           [](const GraphBuilder& b, const Outputs& c, const Outputs& rows) -> ScanValues {
             return {.carries = {Div(b.Named("quotient"), c[0], rows[0])}};
           });
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const std::string message = Message(
      session->Run({{divisors, Tensor::Of<int32_t>({3}, {2, 0, 1})}}, {y.carries[0]}).status());
  EXPECT_THAT(message, HasSubstr("Scan 'layer/Scan' ("));
  EXPECT_THAT(message, HasSubstr("scan_test.cc:"));
  EXPECT_THAT(message, HasSubstr("step 1 of 3: in function 'layer/scan': Div 'quotient'"));
  EXPECT_THAT(message, HasSubstr("by zero"));
}

std::string ErrorOf(const std::vector<std::vector<int64_t>>& sequences, const ScanBody& body,
                    int64_t length = -1) {
  GraphBuilder b;
  std::vector<Output> rows;
  for (const auto& dims : sequences) rows.push_back(Placeholder(b, kFloat, PartialShape(dims)));
  const ScanValues y = Scan(b, {Const(b, 1.0f)}, rows, body, {.length = length});
  // What is built on it is skipped.
  Neg(b, y.outputs[7]);
  return Message(b.status());
}

TEST(Scan, BadUseIsAnErrorOfTheBuilder) {
  const auto same = [](const GraphBuilder&, const Outputs& c, const Outputs&) -> ScanValues {
    return {.carries = {c[0]}};
  };
  EXPECT_THAT(ErrorOf({}, same), HasSubstr("the length must be given"));
  EXPECT_THAT(ErrorOf({{}}, same), HasSubstr("sequence 0 is a scalar"));
  EXPECT_THAT(ErrorOf({{3}, {4}}, same), HasSubstr("sequence 1 has 4 rows, not 3"));
  EXPECT_THAT(ErrorOf({{3}}, same, 4), HasSubstr("sequence 0 has 3 rows, not 4"));
  const auto none = [](const GraphBuilder&, const Outputs&, const Outputs&) -> ScanValues {
    return {};
  };
  EXPECT_THAT(ErrorOf({{3}}, none), HasSubstr("there are 1 carries, but the body returns 0"));
  const auto vector = [](const GraphBuilder& b, const Outputs&, const Outputs&) -> ScanValues {
    return {.carries = {Const(b, Tensor::Of<float>({2}, {1, 2}))}};
  };
  EXPECT_THAT(ErrorOf({{3}}, vector), HasSubstr("carry 0 has shape [], but the body returns [2]"));
  const auto other = [](const GraphBuilder& b, const Outputs&, const Outputs&) -> ScanValues {
    return {.carries = {Const(b, 1.0)}};
  };
  EXPECT_THAT(ErrorOf({{3}}, other), HasSubstr("carry 0 is float, but the body returns double"));
  const auto wrong = [](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
    return {.carries = {MatMul(b, c[0], c[0])}};
  };
  EXPECT_THAT(ErrorOf({{3}}, wrong), HasSubstr("scan_test.cc:"));
}

TEST(Scan, BodiesHoldNoStateOfTheirOwn) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  Scan(b, {v.Read()}, {},
       [&](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
         AssignAdd(b, v, c[0]);
         return {.carries = {c[0]}};
       },
       {.length = 2});
  EXPECT_THAT(Message(b.status()), HasSubstr("cannot be updated inside a function"));
}

// Extents of carries that only a run knows.
TEST(Scan, ARunFindsThatACarryGrows) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1}), y = Placeholder(b, kFloat, {-1});
  const ScanValues z =
      Scan(b, {x}, {},
           [&](const GraphBuilder& b, const Outputs& c, const Outputs&) -> ScanValues {
             return {.carries = {Add(b, c[0], y)}};
           },
           {.length = 2});
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run(
      {{x, Tensor::Of<float>({1}, {1})}, {y, Tensor::Of<float>({2}, {1, 2})}}, {z.carries[0]});
  EXPECT_THAT(Message(run.status()), HasSubstr("carry 0 has shape [1], but the body returns [2]"));
}

}  // namespace
}  // namespace viv
