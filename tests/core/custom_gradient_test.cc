// WithGradient: gradients that a program gives itself.
#include "core/graph/graph_def.h"
#include "core/ops/control.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// x^3, whose gradient is the right one, written by hand.
Output Cube(const GraphBuilder& b, Output x) {
  return WithGradient(
      b, {x},
      [](const GraphBuilder& b, const Outputs& x) -> Outputs {
        return {Mul(b, x[0], Square(b, x[0]))};
      },
      [](const GraphBuilder& b, const Outputs& x, const Outputs&, const Outputs& dy) -> Outputs {
        return {Mul(b, dy[0], Mul(b, ScalarLike(b, 3, x[0].dtype()), Square(b, x[0])))};
      })[0];
}

TEST(WithGradient, OfARightFormulaAgreesWithDifferences) {
  for (const int64_t n : {3, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {n});
    const Output y = Reshape(b, Cube(b, Tanh(b, x)), {3});
    CheckTwice(b, CubicLoss(b, y), {x}, {Random<double>({3}, 1)});
  }
}

// y = exp(x), dx = y dy: the gradient of the gradient flows through y as well.
TEST(WithGradient, ResultsInTheBackwardFunctionAreDifferentiatedToo) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3});
  const Output y = WithGradient(
      b, {x}, [](const GraphBuilder& b, const Outputs& x) -> Outputs { return {Exp(b, x[0])}; },
      [](const GraphBuilder& b, const Outputs&, const Outputs& y, const Outputs& dy) -> Outputs {
        return {Mul(b, dy[0], y[0])};
      })[0];
  CheckTwice(b, Sum(b, Square(b, y)), {x}, {Random<double>({3}, 1)});
}

// The straight-through estimator: rounds, and passes the gradient on as if it had not.
TEST(WithGradient, MayBeAnotherOneThanThatOfTheFunction) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3});
  const Output y = WithGradient(
      b, {x}, [](const GraphBuilder& b, const Outputs& x) -> Outputs { return {Round(b, x[0])}; },
      [](const GraphBuilder&, const Outputs&, const Outputs&, const Outputs& dy) -> Outputs {
        return {dy[0]};
      })[0];
  const auto gradient = DenseGradients(b, {Sum(b, Square(b, y))}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const auto got =
      RunOnce(b, {y, (*gradient)[0]}, {{x, Tensor::Of<double>({3}, {0.4, 1.6, -2.7})}});
  EXPECT_THAT(Doubles(got[0]), ElementsAre(0, 2, -3));
  EXPECT_THAT(Doubles(got[1]), ElementsAre(0, 4, -6));
}

// Several inputs and results, of which some have no gradient; the backward function sees the graph.
TEST(WithGradient, InputsWithoutAGradientAndCaptures) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2}), scale = Placeholder(b, kDouble, {});
  const Output n = Const<int32_t>(b, 5);
  const Outputs y = WithGradient(
      b, {n, x, scale},
      [](const GraphBuilder& b, const Outputs& in) -> Outputs {
        return {Add(b, in[0], in[0]), Mul(b, in[1], in[2]), in[2]};
      },
      [&](const GraphBuilder& b, const Outputs&, const Outputs&, const Outputs& dy) -> Outputs {
        EXPECT_FALSE(dy[0].valid());
        return {Output(), Add(b, Mul(b, dy[1], scale), dy[2]), Output()};
      });
  const auto gradients = DenseGradients(b, {y[1]}, {x, scale});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const auto got = RunOnce(b, {y[0], y[1], (*gradients)[0], (*gradients)[1]},
                           {{x, Tensor::Of<double>({2}, {1, 2})}, {scale, Tensor::Scalar(3.0)}});
  EXPECT_EQ(got[0].scalar<int32_t>(), 10);
  EXPECT_THAT(Doubles(got[1]), ElementsAre(3, 6));
  EXPECT_THAT(Doubles(got[2]), ElementsAre(3, 3));
  EXPECT_EQ(got[3].scalar<double>(), 0);
}

TEST(WithGradient, WorksInLoopsBranchesAndFiles) {
  GraphBuilder b;
  const Output rows = Placeholder(b, kDouble, {4, 2});
  const ScanValues y = Scan(
      b, {Const(b, Tensor::Of<double>({2}, {0.5, -0.5}))}, {rows},
      [](const GraphBuilder& b, const Outputs& c, const Outputs& row) -> ScanValues {
        return {
            .carries = {Cond(
                b, Greater(b, Sum(b, row[0]), Const(b, 0.0)),
                [&](const GraphBuilder& b) -> Outputs { return {Cube(b, Add(b, c[0], row[0]))}; },
                [&](const GraphBuilder& b) -> Outputs {
                  return {Add(b, Cube(b, c[0]), row[0])};
                })[0]}};
      });
  const Output loss = Sum(b, Exp(b, y.carries[0]));
  const Tensor at = Tensor::Of<double>({4, 2}, {.3, .4, -.5, -.2, -.7, -.1, .2, .5});
  CheckTwice(b, loss, {rows}, {at});
  const auto gradient = DenseGradients(b, {loss}, {rows});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const auto bytes = EncodeGraph(b.graph(), {{"d", {{{"rows", rows}}, {{"d", (*gradient)[0]}}}}});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto loaded = DecodeGraph(*bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Signature signature = loaded->signatures.at("d");
  auto session = Session::Create(std::move(loaded->graph));
  ASSERT_TRUE(session.ok()) << session.status();
  const auto got = session->Run({{signature.feeds.at("rows"), at}}, {signature.fetches.at("d")});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_TRUE((*got)[0].Identical(RunOnce(b, {(*gradient)[0]}, {{rows, at}})[0]));
}

TEST(WithGradient, NoGradientIsForgotten) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2});
  const Variable w(b, "w", Const(b, 3.0));
  const Output y = WithGradient(
      b, {x},
      [&](const GraphBuilder& b, const Outputs& x) -> Outputs { return {Mul(b, x[0], w.Read())}; },
      [&](const GraphBuilder& b, const Outputs&, const Outputs&, const Outputs& dy) -> Outputs {
        return {Mul(b, dy[0], w.Read())};
      })[0];
  ASSERT_TRUE(DenseGradients(b, {y}, {x}).ok());
  EXPECT_THAT(Message(DenseGradients(b, {y}, {w.Read()}).status()),
              HasSubstr("uses 'w/read:0', in which a gradient is wanted"));
}

TEST(WithGradient, WrongGradientsAreErrorsOfTheBuilder) {
  const auto error = [](DType dtype, const BackwardBody& backward) {
    GraphBuilder b;
    const Output x = Placeholder(b, dtype, {2});
    WithGradient(
        b, {x}, [](const GraphBuilder&, const Outputs& x) -> Outputs { return x; }, backward);
    return Message(b.status());
  };
  using In = const Outputs&;
  EXPECT_THAT(error(kFloat,
                    [](const GraphBuilder&, In, In, In dy) -> Outputs {
                      return {dy[0], dy[0]};
                    }),
              HasSubstr("returns 2 gradients, not 1, one for each input"));
  EXPECT_THAT(error(kFloat,
                    [](const GraphBuilder& b, In, In, In dy) -> Outputs {
                      return {Cast(b, dy[0], kDouble)};
                    }),
              HasSubstr("returns double[2] as the gradient in input 0, which is float[2]"));
  EXPECT_THAT(
      error(kFloat,
            [](const GraphBuilder& b, In, In, In dy) -> Outputs { return {Sum(b, dy[0])}; }),
      HasSubstr("returns float[] as the gradient in input 0, which is float[2]"));
  EXPECT_THAT(error(kInt32, [](const GraphBuilder&, In x, In, In) -> Outputs { return {x[0]}; }),
              HasSubstr("returns a gradient in input 0, which is int32"));
}

// Extents that only a run knows.
TEST(WithGradient, ARunFindsAGradientOfAnotherShape) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {-1}), other = Placeholder(b, kDouble, {-1});
  const Output y = WithGradient(
      b, {x}, [](const GraphBuilder&, const Outputs& x) -> Outputs { return x; },
      [&](const GraphBuilder&, const Outputs&, const Outputs&, const Outputs&) -> Outputs {
        return {other};
      })[0];
  const auto gradient = DenseGradients(b, {y}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  const Tensor one = Tensor::Of<double>({1}, {1}), two = Tensor::Of<double>({2}, {1, 2});
  EXPECT_EQ(ErrorOf(b, (*gradient)[0], {{x, two}, {other, two}}), "");
  EXPECT_THAT(ErrorOf(b, (*gradient)[0], {{x, two}, {other, one}}),
              HasSubstr("the shape is [1], not [2]"));
}

}  // namespace
}  // namespace viv
