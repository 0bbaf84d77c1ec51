// Cond and Call: values, gradients against central differences, errors.
#include "core/graph/graph_def.h"
#include "core/ops/control.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

Output IsPositive(const GraphBuilder& b, Output x) {
  return Greater(b, Sum(b, x), ScalarLike(b, 0, x.dtype()));
}

// x^3 or x w.
Output CubeOrProduct(const GraphBuilder& b, Output predicate, Output x, Output w) {
  return Cond(
      b, predicate, [&](const GraphBuilder& b) -> Outputs { return {Mul(b, x, Square(b, x))}; },
      [&](const GraphBuilder& b) -> Outputs { return {Mul(b, x, w)}; })[0];
}

TEST(Cond, ReturnsWhatTheBranchTakenReturns) {
  GraphBuilder b;
  const Output p = Placeholder(b, kBool, {}), x = Placeholder(b, kFloat, {-1});
  const Outputs y = Cond(
      b, p,
      [&](const GraphBuilder& b) -> Outputs {
        return {Neg(b, x), Const(b, Tensor::Scalar("then")), Const<int32_t>(b, 1)};
      },
      [&](const GraphBuilder& b) -> Outputs {
        return {x, Const(b, Tensor::Scalar("otherwise")), Cast(b, SizeOf(b, x), kInt32)};
      });
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(y[0].shape(), PartialShape({-1}));
  for (const std::vector<float>& values : {std::vector<float>{1, 2, 3}, std::vector<float>{}}) {
    const Tensor at = Tensor::Vector<float>(values);
    for (const bool yes : {true, false}) {
      const auto got = RunOnce(b, {y[0], y[1], y[2]}, {{p, Tensor::Scalar(yes)}, {x, at}});
      for (size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(got[0].data<float>()[i], yes ? -values[i] : values[i]);
      }
      EXPECT_EQ(got[1].scalar<std::string>(), yes ? "then" : "otherwise");
      EXPECT_EQ(got[2].scalar<int32_t>(), yes ? 1 : static_cast<int32_t>(values.size()));
    }
  }
}

// Division by zero is an error of the branch that divides.
TEST(Cond, RunsOnlyTheBranchTaken) {
  GraphBuilder b;
  const Output x = Placeholder(b, kInt32, {});
  const Output y = Cond(
      b.Scope("safe"), NotEqual(b, x, Const<int32_t>(b, 0)),
      [&](const GraphBuilder& b) -> Outputs { return {Div(b, Const<int32_t>(b, 60), x)}; },
      [&](const GraphBuilder& b) -> Outputs {
        return {Div(b.Named("bad"), Const<int32_t>(b, 1), x)};
      })[0];
  EXPECT_EQ(RunOnce(b, {y}, {{x, Tensor::Scalar<int32_t>(7)}})[0].scalar<int32_t>(), 8);
  const std::string message = ErrorOf(b, y, {{x, Tensor::Scalar<int32_t>(0)}});
  EXPECT_THAT(message, HasSubstr("Cond 'safe/Cond' ("));
  EXPECT_THAT(message, HasSubstr("in function 'safe/otherwise': Div 'bad'"));
  EXPECT_THAT(message, HasSubstr("by zero"));
}

TEST(Cond, BranchesMayReturnDifferentShapes) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {-1});
  const Output y = Cond(
      b, IsPositive(b, x),
      [&](const GraphBuilder& b) -> Outputs { return {Slice(b, x, {{.begin = 1}})}; },
      [&](const GraphBuilder& b) -> Outputs {
        return {Concat(b, {x, x}, 0)};
      })[0];
  EXPECT_EQ(y.shape(), PartialShape({-1}));
  // What follows sees the shape of the branch taken.
  const Output size = SizeOf(b, y), loss = Sum(b, Square(b, Square(b, y)));
  for (const double sign : {1.0, -1.0}) {
    const Tensor at = Tensor::Of<double>({3}, {sign, 2 * sign, 3 * sign});
    EXPECT_EQ(RunOnce(b, {size}, {{x, at}})[0].scalar<int64_t>(), sign > 0 ? 2 : 6);
    CheckTwice(b, Mul(b, loss, Const(b, 1e-2)), {x}, {at});
  }
}

// With these shapes the branch that is not taken could not run.
TEST(Cond, ABranchThatDoesNotFitIsNoErrorUnlessItIsTaken) {
  GraphBuilder b;
  const Output p = Placeholder(b, kBool, {});
  const Output x = Placeholder(b, kDouble, {-1}), w = Placeholder(b, kDouble, {-1});
  const Output y = Cond(
      b, p, [&](const GraphBuilder& b) -> Outputs { return {Sum(b, Mul(b, x, w))}; },
      [&](const GraphBuilder& b) -> Outputs { return {Sum(b, Square(b, x))}; })[0];
  const auto gradients = DenseGradients(b, {y}, {x, w});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const Tensor x_value = Tensor::Of<double>({2}, {3, 4});
  const Tensor w_value = Tensor::Of<double>({3}, {1, 1, 1});
  const auto got = RunOnce(b, {y, (*gradients)[0], (*gradients)[1]},
                           {{p, Tensor::Scalar(false)}, {x, x_value}, {w, w_value}});
  EXPECT_EQ(got[0].scalar<double>(), 25);
  EXPECT_THAT(Doubles(got[1]), ElementsAre(6, 8));
  EXPECT_THAT(Doubles(got[2]), ElementsAre(0, 0, 0));
  EXPECT_THAT(ErrorOf(b, y, {{p, Tensor::Scalar(true)}, {x, x_value}, {w, w_value}}),
              HasSubstr("cannot be broadcast together"));
}

TEST(Cond, GradientsAgreeWithDifferences) {
  for (const bool known : {true, false}) {
    GraphBuilder b;
    const Output p = Placeholder(b, kBool, {});
    const Output x = Placeholder(b, kDouble, {known ? 3 : -1});
    const Output w = Placeholder(b, kDouble, {known ? 3 : -1});
    const Output y = CubeOrProduct(b, p, x, w);
    // The predicate is no input of the check: it decides by the sign of a constant.
    for (const double sign : {1.0, -1.0}) {
      GraphBuilder c;
      const Output x = Placeholder(c, kDouble, {known ? 3 : -1});
      const Output w = Placeholder(c, kDouble, {known ? 3 : -1});
      const Output y = CubeOrProduct(c, IsPositive(c, Const(c, sign)), x, w);
      CheckTwice(c, Sum(c, Exp(c, y)), {x, w}, {Random<double>({3}, 1), Random<double>({3}, 2)});
    }
    // What only the other branch uses gets zeros.
    const auto gradients = DenseGradients(b, {y}, {x, w});
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    const auto got = RunOnce(
        b, *gradients,
        {{p, Tensor::Scalar(true)}, {x, Random<double>({3}, 1)}, {w, Random<double>({3}, 2)}});
    EXPECT_THAT(Doubles(got[1]), ElementsAre(0, 0, 0));
  }
}

TEST(Cond, GradientsOfNestedBranchesInALoop) {
  GraphBuilder b;
  const Output rows = Placeholder(b, kDouble, {5, 2}), w = Placeholder(b, kDouble, {2});
  const ScanValues y = Scan(
      b, {ZerosLike(b, w)}, {rows},
      [&](const GraphBuilder& b, const Outputs& c, const Outputs& row) -> ScanValues {
        const Output next = Cond(
            b, IsPositive(b, row[0]),
            [&](const GraphBuilder& b) -> Outputs { return {Tanh(b, Add(b, c[0], row[0]))}; },
            [&](const GraphBuilder& b) -> Outputs {
              return {Cond(
                  b, IsPositive(b, c[0]),
                  [&](const GraphBuilder& b) -> Outputs { return {Mul(b, w, Sigmoid(b, c[0]))}; },
                  [&](const GraphBuilder& b) -> Outputs {
                    return {Sub(b, Square(b, row[0]), Mul(b, c[0], w))};
                  })[0]};
            })[0];
        return {.carries = {next}, .outputs = {next}};
      });
  ASSERT_TRUE(b.ok()) << b.status();
  const Output loss = Sum(b, Mul(b, y.outputs[0], Square(b, y.outputs[0])));
  CheckTwice(b, loss, {rows, w},
             {Tensor::Of<double>({5, 2}, {.3, .4, -.5, -.2, -.7, -.1, .2, .5, -.6, -.3}),
              Tensor::Of<double>({2}, {-.7, .4})});
}

TEST(Cond, GradientOfRowsGatheredInABranch) {
  for (const double sign : {1.0, -1.0}) {
    GraphBuilder b;
    const Output table = Placeholder(b, kDouble, {4, 2});
    const Output y = Cond(
        b, IsPositive(b, Const(b, sign)),
        [&](const GraphBuilder& b) -> Outputs {
          return {Gather(b, table, Const(b, Tensor::Of<int32_t>({2}, {3, 3})))};
        },
        [&](const GraphBuilder& b) -> Outputs { return {SliceAxis(b, table, 0, 0, 2)}; })[0];
    CheckTwice(b, CubicLoss(b, y), {table}, {Random<double>({4, 2}, 7)});
  }
}

TEST(Cond, SeesVariablesAndDrawsTheSameNumbersInTheGradient) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, Tensor::Of<float>({100}, std::vector<float>(100, 1.0f))));
  const Output p = Placeholder(b, kBool, {});
  const Outputs y = Cond(
      b, p, [&](const GraphBuilder& b) -> Outputs { return {Dropout(b, v.Read(), 0.5f)}; },
      [&](const GraphBuilder& b) -> Outputs { return {Dropout(b, v.Read(), 0.25f)}; });
  const auto gradient = DenseGradients(b, {y[0]}, {v.Read()});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  for (const bool yes : {true, false}) {
    const auto got = session->Run({{p, Tensor::Scalar(yes)}}, {y[0], (*gradient)[0]});
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE((*got)[0].Identical((*got)[1]));
    EXPECT_GT((*got)[0].flat<float>().size(), 0u);
  }
}

// The memory that a gradient needs is not filled where no gradient is computed.
TEST(Cond, SavesNothingWhereNoGradientRuns) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3}), w = Placeholder(b, kDouble, {3});
  const Output y = CubeOrProduct(b, IsPositive(b, x), Exp(b, x), w);
  const int plain = y.node->num_outputs();
  const auto gradients = DenseGradients(b, {Exp(b, y)}, {x, w});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  ASSERT_GT(y.node->num_outputs(), plain);
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto without = session->Prepare({x, w}, {y});
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_THAT(without->Explain(), HasSubstr(") -> double[3]\n"));
  EXPECT_THAT(without->Explain(), ::testing::Not(HasSubstr("double[3], double[3]")));
}

TEST(Cond, GradientsSurviveAFile) {
  GraphBuilder b;
  const Output p = Placeholder(b, kBool, {});
  const Output x = Placeholder(b, kDouble, {3}), w = Placeholder(b, kDouble, {3});
  const Output y = Sum(b, CubeOrProduct(b, p, x, w));
  auto gradients = DenseGradients(b, {y}, {x, w});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const auto bytes =
      EncodeGraph(b.graph(), {{"d",
                               {{{"p", p}, {"x", x}, {"w", w}},
                                {{"y", y}, {"dx", (*gradients)[0]}, {"dw", (*gradients)[1]}}}}});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto loaded = DecodeGraph(*bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Signature signature = loaded->signatures.at("d");
  auto session = Session::Create(std::move(loaded->graph));
  ASSERT_TRUE(session.ok()) << session.status();
  const Tensor at = Random<double>({3}, 1), by = Random<double>({3}, 2);
  for (const bool yes : {true, false}) {
    const auto want = RunOnce(b, {y, (*gradients)[0], (*gradients)[1]},
                              {{p, Tensor::Scalar(yes)}, {x, at}, {w, by}});
    const auto got = session->Run(
        {{signature.feeds.at("p"), Tensor::Scalar(yes)},
         {signature.feeds.at("x"), at},
         {signature.feeds.at("w"), by}},
        {signature.fetches.at("y"), signature.fetches.at("dx"), signature.fetches.at("dw")});
    ASSERT_TRUE(got.ok()) << got.status();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE((*got)[i].Identical(want[i])) << i;
  }
}

TEST(Cond, RunsWhereItIsPut) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3}), w = Placeholder(b, kDouble, {3});
  const Output near = Exp(b.OnDevice("/device:cpu:0"), x);
  const Output y = CubeOrProduct(b.OnDevice("/device:cpu:1"), IsPositive(b, near), near, w);
  const Output z = Neg(b.OnDevice("/device:cpu:0"), y);
  const auto gradients = DenseGradients(b, {z}, {x, w});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const std::vector<Output> fetches = {z, (*gradients)[0], (*gradients)[1]};
  const Feeds feeds = {{x, Random<double>({3}, 1)}, {w, Random<double>({3}, 2)}};
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok()) << session.status();
  const auto two = session->Run(feeds, fetches);
  ASSERT_TRUE(two.ok()) << two.status();
  const auto one = RunOnce(b, fetches, feeds);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(one[i].Identical((*two)[i])) << i;
}

TEST(Cond, BadUseIsAnErrorOfTheBuilder) {
  const BranchBody one = [](const GraphBuilder& b) -> Outputs { return {Const(b, 1.0f)}; };
  const BranchBody two = [](const GraphBuilder& b) -> Outputs {
    return {Const(b, 1.0f), Const(b, 1.0f)};
  };
  const BranchBody other = [](const GraphBuilder& b) -> Outputs { return {Const(b, 1.0)}; };
  const auto error = [](Tensor predicate, const BranchBody& then, const BranchBody& otherwise) {
    GraphBuilder b;
    Neg(b, Cond(b, Const(b, predicate), then, otherwise)[0]);
    return Message(b.status());
  };
  const Tensor yes = Tensor::Scalar(true);
  EXPECT_THAT(error(yes, one, two),
              HasSubstr("'then' returns 1 results, but 'otherwise' returns 2"));
  EXPECT_THAT(error(yes, one, other),
              HasSubstr("result 0 is float in 'then', but double in 'otherwise'"));
  EXPECT_THAT(error(Tensor::Scalar(1.0f), one, one), HasSubstr("float, not bool"));
  EXPECT_THAT(error(Tensor::Of<bool>({2}, {true, false}), one, one),
              HasSubstr("the predicate has shape [2] and must be a scalar"));
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  Cond(
      b, Const(b, true),
      [&](const GraphBuilder& b) -> Outputs {
        Assign(b, v, Const(b, 2.0f));
        return {v.Read()};
      },
      one);
  EXPECT_THAT(Message(b.status()), HasSubstr("cannot be updated inside a function"));
}

BuiltFunction CubeFunction(const GraphBuilder& b, Output scale) {
  return BuildFunction(b, "cube", {{kDouble, {-1}}},
                       [scale](const GraphBuilder& b, const std::vector<Output>& x) {
                         return std::vector<Output>{Mul(b, scale, Mul(b, x[0], Square(b, x[0])))};
                       });
}

TEST(Call, RunsAFunctionOftenAndDifferentiatesIt) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3});
  const Output scale = Placeholder(b, kDouble, PartialShape::Scalar());
  const BuiltFunction cube = CubeFunction(b, scale);
  const Output once = Call(b, cube, {x})[0];
  const Output twice = Call(b, cube, {Add(b, once, x)})[0];
  const Output longer = Call(b, cube, {Concat(b, {x, twice}, 0)})[0];
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(once.shape(), PartialShape({3}));
  EXPECT_EQ(longer.shape(), PartialShape({6}));
  CheckTwice(b, Sum(b, longer), {x, scale},
             {Tensor::Of<double>({3}, {0.4, -0.3, 0.2}), Tensor::Scalar(0.7)});
}

TEST(Call, EachCallDrawsItsOwnNumbers) {
  GraphBuilder b;
  const BuiltFunction noise =
      BuildFunction(b, "noise", {}, [](const GraphBuilder& b, const std::vector<Output>&) {
        return std::vector<Output>{RandomUniform(b, {50})};
      });
  const Output one = Call(b, noise, {})[0], two = Call(b, noise, {})[0];
  const auto got = RunOnce(b, {one, two});
  EXPECT_FALSE(got[0].Identical(got[1]));
  // Not those of a run that computes something else beside it.
  EXPECT_TRUE(got[1].Identical(RunOnce(b, {two})[0]));
}

// Somebody may only want it to succeed.
TEST(Call, RunsWhereOthersFollowItWithoutItsResults) {
  GraphBuilder b;
  const Output x = Placeholder(b, kInt32, PartialShape::Scalar());
  const BuiltFunction check =
      BuildFunction(b, "check", {{kInt32, PartialShape::Scalar()}},
                    [](const GraphBuilder& b, const std::vector<Output>& x) {
                      return std::vector<Output>{Div(b, Const<int32_t>(b, 1), x[0])};
                    });
  const Output checked = Call(b, check, {x})[0];
  const Output y = Neg(b.After({checked}), x);
  EXPECT_EQ(ErrorOf(b, y, {{x, Tensor::Scalar<int32_t>(1)}}), "");
  EXPECT_THAT(ErrorOf(b, y, {{x, Tensor::Scalar<int32_t>(0)}}), HasSubstr("by zero"));
}

// As a loaded graph may have it: the function returns more than the node asks for.
TEST(Call, GradientsWhereFewerResultsAreComputed) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3});
  const BuiltFunction f = BuildFunction(
      b, "two", {{kDouble, {3}}}, [](const GraphBuilder& b, const std::vector<Output>& x) {
        const Output e = Exp(b, x[0]);
        return std::vector<Output>{Mul(b, e, Square(b, x[0])), e};
      });
  const std::vector<DType> one = {kDouble};
  const Output y = BuilderRef(b).AddMany("Call", {x}, {{"function", f.name}, {"types", one}}, 1)[0];
  // The second gradients are in the thousands.
  CheckTwice(b, CubicLoss(b, y), {x}, {Random<double>({3}, 1)}, 1e-7, 1e-4);
}

TEST(Call, ChecksItsArguments) {
  const auto error = [](Tensor argument, size_t count) {
    GraphBuilder b;
    const BuiltFunction cube = CubeFunction(b, Const(b, 2.0));
    Neg(b, Call(b, cube, std::vector<Output>(count, Const(b, argument)))[0]);
    return Message(b.status());
  };
  const Tensor good = Tensor::Of<double>({2}, {1, 2});
  EXPECT_EQ(error(good, 1), "");
  EXPECT_THAT(error(good, 2), HasSubstr("takes 1 arguments, but is given 2"));
  EXPECT_THAT(error(Tensor::Of<float>({2}, {1, 2}), 1),
              HasSubstr("argument 0 is double, but is given float"));
  EXPECT_THAT(error(Tensor::Of<double>({1, 2}, {1, 2}), 1),
              HasSubstr("takes [?] as argument 0, but is given [1, 2]"));
}

}  // namespace
}  // namespace viv
