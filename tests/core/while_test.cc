// While: values against loops in C++, gradients against central differences, errors.
#include <thread>

#include "core/graph/graph_def.h"
#include "core/ops/control.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using B = const GraphBuilder&;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// Doubles x until its sum reaches the limit.
WhileValues DoubleUntil(const GraphBuilder& b, Output x, Output limit, WhileOptions options = {}) {
  return While(
      b, {x},
      [limit](const GraphBuilder& b, const Outputs& v) { return Less(b, Sum(b, v[0]), limit); },
      [](const GraphBuilder& b, const Outputs& v) -> Outputs { return {Add(b, v[0], v[0])}; },
      options);
}

TEST(While, RunsAsLongAsTheConditionHolds) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1}), limit = Placeholder(b, kFloat, {});
  const WhileValues y = DoubleUntil(b, x, limit);
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(y.values[0].shape(), PartialShape({-1}));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  for (const float end : {0.0f, 4.0f, 5.0f, 17.0f, 1000.0f}) {
    float want = 2;
    int64_t steps = 0;
    for (; 2 * want < end; ++steps) want *= 2;
    const auto got =
        session->Run({{x, Tensor::Of<float>({2}, {2, 2})}, {limit, Tensor::Scalar(end)}},
                     {y.values[0], y.steps});
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_THAT((*got)[0].flat<float>(), ElementsAre(want, want)) << end;
    EXPECT_EQ((*got)[1].scalar<int64_t>(), steps);
  }
}

TEST(While, EndsAfterTheGivenNumberOfSteps) {
  for (const int64_t max_steps : {0, 1, 4, 100}) {
    GraphBuilder b;
    const WhileValues y = DoubleUntil(b, Const(b, 1.0f), Const(b, 32.0f), {.max_steps = max_steps});
    const auto got = RunOnce(b, {y.values[0], y.steps});
    EXPECT_EQ(got[1].scalar<int64_t>(), std::min<int64_t>(max_steps, 5));
    EXPECT_EQ(got[0].scalar<float>(),
              std::ldexp(1.0f, static_cast<int>(std::min<int64_t>(max_steps, 5))));
  }
}

// Euclid's algorithm, with values of other types beside.
TEST(While, HandsOnValuesOfManyTypesThatChangePlaces) {
  GraphBuilder b;
  const Output m = Placeholder(b, kInt64, {}), n = Placeholder(b, kInt64, {});
  const WhileValues gcd = While(
      b, {m, n, Const(b, Tensor::Scalar("odd")), Const(b, Tensor::Scalar("even"))},
      [](const GraphBuilder& b, const Outputs& v) {
        return NotEqual(b, v[1], Const<int64_t>(b, 0));
      },
      [](const GraphBuilder& b, const Outputs& v) -> Outputs {
        return {v[1], Mod(b, v[0], v[1]), v[3], v[2]};
      });
  const auto got = RunOnce(b, {gcd.values[0], gcd.values[1], gcd.values[2], gcd.steps},
                           {{m, Tensor::Scalar<int64_t>(1071)}, {n, Tensor::Scalar<int64_t>(462)}});
  EXPECT_EQ(got[0].scalar<int64_t>(), 21);
  EXPECT_EQ(got[1].scalar<int64_t>(), 0);
  EXPECT_EQ(got[3].scalar<int64_t>(), 3);
  EXPECT_EQ(got[2].scalar<std::string>(), "even");
}

// x <- tanh(x w + b) as long as it is long; the number of steps does not change nearby.
WhileValues Contraction(const GraphBuilder& b, Output x, Output w, Output bias,
                        WhileOptions options = {}) {
  return While(
      b, {x},
      [](const GraphBuilder& b, const Outputs& v) {
        return Greater(b, Sum(b, Square(b, v[0])), Const(b, 0.05));
      },
      [&](const GraphBuilder& b, const Outputs& v) -> Outputs {
        return {Tanh(b, Add(b, MatMul(b, v[0], w), bias))};
      },
      options);
}

TEST(While, GradientsAgreeWithDifferences) {
  for (const bool known : {true, false}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {known ? 2 : -1, 3});
    const Output w = Placeholder(b, kDouble, {3, 3}), bias = Placeholder(b, kDouble, {3});
    const WhileValues y = Contraction(b, x, w, bias);
    ASSERT_TRUE(b.ok()) << b.status();
    std::vector<double> half;
    for (const double v : Doubles(Random<double>({3, 3}, 2))) half.push_back(v / 2);
    const std::vector<Tensor> at = {Random<double>({2, 3}, 1), Tensor::Of<double>({3, 3}, half),
                                    Tensor::Of<double>({3}, {0.01, -0.02, 0.03})};
    EXPECT_GT(RunOnce(b, {y.steps}, FeedsOf({x, w, bias}, at))[0].scalar<int64_t>(), 2);
    CheckTwice(b, Sum(b, Exp(b, y.values[0])), {x, w, bias}, at);
  }
}

TEST(While, GradientsOfALoopThatEndsByItsLimit) {
  for (const int64_t max_steps : {0, 1, 2}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {2, 3});
    const Output w = Placeholder(b, kDouble, {3, 3}), bias = Placeholder(b, kDouble, {3});
    const WhileValues y = Contraction(b, x, w, bias, {.max_steps = max_steps});
    CheckTwice(b, Sum(b, Exp(b, y.values[0])), {x, w, bias},
               {Random<double>({2, 3}, 1), Random<double>({3, 3}, 2), Random<double>({3}, 3)});
  }
}

// Newton's iteration for the square root of each row's sum, in a Scan, as long as it takes.
TEST(While, GradientsWithinOtherLoopsAndBranches) {
  GraphBuilder b;
  const Output rows = Placeholder(b, kDouble, {3, 2});
  const Output one = Const(b, 1.0);
  const auto root = [&](const GraphBuilder& b, Output a) {
    return While(
               b, {one},
               [a](const GraphBuilder& b, const Outputs& v) {
                 return Greater(b, Abs(b, Sub(b, Square(b, v[0]), a)), Const(b, 1e-3));
               },
               [a](const GraphBuilder& b, const Outputs& v) -> Outputs {
                 return {Mul(b, Const(b, 0.5), Add(b, v[0], Div(b, a, v[0])))};
               })
        .values[0];
  };
  const ScanValues y =
      Scan(b, {Const(b, 0.0)}, {rows},
           [&](const GraphBuilder& b, const Outputs& c, const Outputs& row) -> ScanValues {
             const Output sum = Sum(b, row[0]);
             const Output next = Cond(
                 b, Greater(b, sum, Const(b, 0.0)),
                 [&](const GraphBuilder& b) -> Outputs { return {root(b, sum)}; },
                 [&](const GraphBuilder&) -> Outputs { return {sum}; })[0];
             return {.carries = {Add(b, c[0], Mul(b, next, Square(b, next)))}};
           });
  ASSERT_TRUE(b.ok()) << b.status();
  // As many steps in each row where the loop runs.
  CheckTwice(b, y.carries[0], {rows}, {Tensor::Of<double>({3, 2}, {1.5, 0.7, 1.1, 0.9, 1.2, 1.3})});
}

TEST(While, DrawsOtherRandomNumbersInEachStepAndTheSameInTheGradient) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {100});
  const WhileValues y = While(
      b, {ZerosLike(b, x), Const<int32_t>(b, 0)},
      [](const GraphBuilder& b, const Outputs& v) { return Less(b, v[1], Const<int32_t>(b, 3)); },
      [&](const GraphBuilder& b, const Outputs& v) -> Outputs {
        return {Add(b, v[0], Dropout(b, x, 0.5f)), Add(b, v[1], Const<int32_t>(b, 1))};
      });
  const auto gradient = DenseGradients(b, {y.values[0]}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const Tensor ones = Tensor::Of<double>({100}, std::vector<double>(100, 1.0));
  const auto got = RunOnce(b, {y.values[0], (*gradient)[0]}, {{x, ones}});
  EXPECT_TRUE(got[0].Identical(got[1]));
  std::set<double> sums;
  for (const double sum : Doubles(got[0])) sums.insert(sum);
  EXPECT_EQ(sums.size(), 4u);  // 0 to 3 steps of 2
}

TEST(While, GradientsSurviveAFile) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2, 3});
  const Output w = Placeholder(b, kDouble, {3, 3}), bias = Placeholder(b, kDouble, {3});
  const WhileValues y = Contraction(b, x, w, bias, {.max_steps = 5});
  const auto gradients = DenseGradients(b, {y.values[0]}, {x, w, bias});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const auto bytes = EncodeGraph(
      b.graph(), {{"d", {{{"x", x}, {"w", w}, {"b", bias}}, {{"dw", (*gradients)[1]}}}}});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto loaded = DecodeGraph(*bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Signature signature = loaded->signatures.at("d");
  auto session = Session::Create(std::move(loaded->graph));
  ASSERT_TRUE(session.ok()) << session.status();
  const std::vector<Tensor> at = {Random<double>({2, 3}, 1), Random<double>({3, 3}, 2),
                                  Random<double>({3}, 3)};
  const auto got = session->Run({{signature.feeds.at("x"), at[0]},
                                 {signature.feeds.at("w"), at[1]},
                                 {signature.feeds.at("b"), at[2]}},
                                {signature.fetches.at("dw")});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_TRUE((*got)[0].Identical(RunOnce(b, {(*gradients)[1]}, FeedsOf({x, w, bias}, at))[0]));
}

// Many steps, so that what is saved outgrows its first buffer.
TEST(While, SavesAsManyStepsAsThereAre) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {});
  const WhileValues y = While(
      b, {x}, [](const GraphBuilder& b, const Outputs&) { return Const(b, true); },
      [&](const GraphBuilder& b, const Outputs& v) -> Outputs {
        return {Sub(b, v[0], Mul(b, Const(b, 1e-3), Mul(b, v[0], v[0])))};
      },
      {.max_steps = 1000});
  const auto gradient = DenseGradients(b, {y.values[0]}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const auto got = RunOnce(b, {y.values[0], (*gradient)[0]}, {{x, Tensor::Scalar(1.0)}});
  double value = 1, derivative = 1;
  for (int i = 0; i < 1000; ++i) {
    derivative *= 1 - 2e-3 * value;
    value -= 1e-3 * value * value;
  }
  EXPECT_NEAR(got[0].scalar<double>(), value, 1e-12);
  EXPECT_NEAR(got[1].scalar<double>(), derivative, 1e-12);
}

// x^(2^n), by n squares in each of 2 steps of an outer loop.
Output SquaresInALoop(const GraphBuilder& b, Output x, const std::function<Output(B, Output)>& n,
                      int64_t max_steps = -1) {
  const auto count = [](Output limit) {
    return [limit](B b, const Outputs& v) { return Less(b, v[1], limit); };
  };
  const auto next = [](B b, Output i) { return Add(b, i, Const<int32_t>(b, 1)); };
  return While(b, {x, Const<int32_t>(b, 0)}, count(Const<int32_t>(b, 2)),
               [&](B b, const Outputs& v) -> Outputs {
                 const Outputs inner = While(b, {v[0], Const<int32_t>(b, 0)}, count(n(b, v[1])),
                                             [&](B b, const Outputs& w) -> Outputs {
                                               return {Square(b, w[0]), next(b, w[1])};
                                             },
                                             {.max_steps = max_steps})
                                           .values;
                 return {inner[0], next(b, v[1])};
               })
      .values[0];
}

TEST(While, GradientsOfALoopInALoop) {
  for (const int32_t n : {0, 1, 2}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {2});
    const Output steps = Placeholder(b, kInt32, PartialShape::Scalar());
    const Output y = SquaresInALoop(b, x, [&](B, Output) { return steps; });
    const auto gradient = DenseGradients(b, {y}, {x});
    ASSERT_TRUE(gradient.ok()) << gradient.status();
    const auto got =
        RunOnce(b, {y, (*gradient)[0]},
                {{x, Tensor::Of<double>({2}, {0.9, -1.1})}, {steps, Tensor::Scalar(n)}});
    const double power = std::pow(2, 2 * n);
    EXPECT_NEAR(got[0].data<double>()[0], std::pow(0.9, power), 1e-12);
    EXPECT_NEAR(got[1].data<double>()[1], power * std::pow(-1.1, power - 1), 1e-12);
  }
}

// 0 and 3 squares, or 0 and 2 where the limit is felt.
TEST(While, GradientsOfALoopInALoopThatMakesOtherStepsEachTime) {
  for (const int64_t max_steps : {2, 5}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {2});
    const Output y = SquaresInALoop(
        b, x, [](B b, Output i) { return Add(b, Add(b, i, i), i); }, max_steps);
    CheckTwice(b, Sum(b, y), {x}, {Tensor::Of<double>({2}, {0.7, -0.6})});
  }
}

TEST(While, ALoopInALoopThatMakesOtherStepsEachTimeHasNoGradient) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2});
  const Output y = SquaresInALoop(b, x, [](B b, Output i) { return Add(b, i, i); });
  const Feeds feeds = {{x, Tensor::Of<double>({2}, {0.9, -1.1})}};
  EXPECT_NEAR(RunOnce(b, {y}, feeds)[0].data<double>()[0], std::pow(0.9, 4), 1e-12);
  const auto gradient = DenseGradients(b, {y}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  EXPECT_THAT(ErrorOf(b, (*gradient)[0], feeds),
              HasSubstr("has shape [0, 2] in one and [2, 2] in another: where the gradient of a "
                        "While inside a loop is taken, it must have max_steps or make as many "
                        "steps each time"));
}

// A shape that is the value of a view: the plan ends before it, though nothing ran.
TEST(While, StepsOfAFunctionsArgumentAndOfAView) {
  GraphBuilder b;
  const Output n = Placeholder(b, kInt64, {1});
  const Output range = Range(b, Squeeze(b, n, {0}));
  auto session = Session::Create(b, {.passes = PassOptions::None()});
  ASSERT_TRUE(session.ok()) << session.status();
  for (const int64_t steps : {3, 5}) {
    const auto got = session->Run({{n, Tensor::Of<int64_t>({1}, {steps})}}, {range});
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ((*got)[0].num_elements(), steps);
  }
  // In a function whose shapes are asked for before the value is there.
  const Output m = Placeholder(b, kInt64, PartialShape::Scalar());
  const BuiltFunction f = BuildFunction(
      b, "range", {{kInt64, PartialShape::Scalar()}},
      [](B b, const std::vector<Output>& n) { return std::vector<Output>{Range(b, n[0])}; });
  const Output size = SizeOf(b, Call(b, f, {m})[0]);
  EXPECT_EQ(RunOnce(b, {size}, {{m, Tensor::Scalar<int64_t>(4)}})[0].scalar<int64_t>(), 4);
}

TEST(While, ConcurrentRunsDoNotMeet) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2, 3});
  const Output w = Placeholder(b, kDouble, {3, 3}), bias = Placeholder(b, kDouble, {3});
  const WhileValues y = Contraction(b, x, w, bias, {.max_steps = 5});
  const auto gradients = DenseGradients(b, {y.values[0]}, {x, w, bias});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Feeds feeds = {{x, Random<double>({2, 3}, t)},
                           {w, Random<double>({3, 3}, 10 + t)},
                           {bias, Random<double>({3}, 20 + t)}};
      absl::StatusOr<std::vector<Tensor>> first;
      for (int i = 0; i < 20; ++i) {
        const auto run = session->Run(feeds, *gradients);
        ASSERT_TRUE(run.ok()) << run.status();
        if (!first.ok()) first = run;
        for (int k = 0; k < 3; ++k) EXPECT_TRUE((*run)[k].Identical((*first)[k]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(While, ErrorsInABodyNameTheLoopTheStepAndTheNode) {
  GraphBuilder b;
  const Output x = Placeholder(b, kInt32, {});
  const WhileValues y = While(
      b.Scope("search"), {x}, [](const GraphBuilder& b, const Outputs&) { return Const(b, true); },
      [](const GraphBuilder& b, const Outputs& v) -> Outputs {
        const Output next = Sub(b, v[0], Const<int32_t>(b, 1));
        return {Add(b, next, Div(b.Named("quotient"), Const<int32_t>(b, 0), next))};
      });
  const std::string message = ErrorOf(b, y.values[0], {{x, Tensor::Scalar<int32_t>(3)}});
  EXPECT_THAT(message, HasSubstr("While 'search/While' ("));
  EXPECT_THAT(message, HasSubstr("while_test.cc:"));
  EXPECT_THAT(message, HasSubstr("step 2: in function 'search/while': Div 'quotient'"));
  EXPECT_THAT(message, HasSubstr("by zero"));
}

TEST(While, BadUseIsAnErrorOfTheBuilder) {
  const WhileCondition never = [](const GraphBuilder& b, const Outputs&) {
    return Const(b, false);
  };
  const WhileBody same = [](const GraphBuilder&, const Outputs& v) -> Outputs { return v; };
  const auto error = [](const WhileCondition& condition, const WhileBody& body) {
    GraphBuilder b;
    Neg(b, While(b, {Const(b, 1.0f)}, condition, body).values[0]);
    return Message(b.status());
  };
  EXPECT_EQ(error(never, same), "");
  EXPECT_THAT(error([](const GraphBuilder& b, const Outputs&) { return Const(b, 1.0f); }, same),
              HasSubstr("the condition returns float, not a boolean scalar"));
  EXPECT_THAT(error([](const GraphBuilder&, const Outputs&) { return Output(); }, same),
              HasSubstr("the condition returns nothing, not a boolean scalar"));
  EXPECT_THAT(error(
                  [](const GraphBuilder& b, const Outputs&) {
                    return Const(b, Tensor::Of<bool>({2}, {true, true}));
                  },
                  same),
              HasSubstr("the condition returns [2], not a boolean scalar"));
  EXPECT_THAT(error(never, [](const GraphBuilder&, const Outputs&) -> Outputs { return {}; }),
              HasSubstr("there are 1 values, but the body returns 0"));
  EXPECT_THAT(error(never,
                    [](const GraphBuilder& b, const Outputs&) -> Outputs {
                      return {Const(b, Tensor::Of<float>({2}, {1, 2}))};
                    }),
              HasSubstr("value 0 has shape [], but the body returns [2]"));
  EXPECT_THAT(
      error(never,
            [](const GraphBuilder& b, const Outputs&) -> Outputs { return {Const(b, 1.0)}; }),
      HasSubstr("value 0 is float, but the body returns double"));
}

// Extents that only a run knows.
TEST(While, ARunFindsThatAValueGrows) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1});
  const WhileValues y = While(
      b, {x}, [](const GraphBuilder& b, const Outputs&) { return Const(b, true); },
      [](const GraphBuilder& b, const Outputs& v) -> Outputs {
        return {Concat(b, {v[0], v[0]}, 0)};
      });
  EXPECT_THAT(ErrorOf(b, y.values[0], {{x, Tensor::Of<float>({1}, {1})}}),
              HasSubstr("value 0 has shape [1], but the body returns [2]"));
}

}  // namespace
}  // namespace viv
