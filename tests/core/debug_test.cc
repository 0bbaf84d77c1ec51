// Print, Assert, CheckNumerics, and sessions that stop at the first number that is none.
#include "core/ops/debug.h"

#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/ops/control.h"
#include "core/ops/state.h"
#include "gtest/gtest.h"
#include "run_graph.h"

namespace viv {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The error of a run that checks all nodes; "" where it succeeds.
std::string CheckedError(const GraphBuilder& b, Output fetch, const Feeds& feeds = {},
                         SessionOptions options = {}) {
  options.check_numerics = true;
  auto session = Session::Create(b, options);
  EXPECT_TRUE(session.ok()) << session.status();
  const absl::Status ready = session->Initialize();
  if (!ready.ok()) return std::string(ready.message());
  return std::string(session->Run(feeds, {fetch}).status().message());
}

void ExpectParts(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_TRUE(absl::StrContains(text, part)) << "'" << text << "' lacks '" << part << "'";
  }
}

TEST(Print, SaysWhatItPassesOn) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1});
  const Output y = Print(b, Square(b, x), "squares", 2);
  testing::internal::CaptureStderr();
  const std::vector<Tensor> run = RunOnce(b, {y}, {{x, Tensor::Of<float>({3}, {1, 2, 3})}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "squares: float[3] {1, 4, ...}\n");
  EXPECT_EQ(Doubles(run[0]), (std::vector<double>{1, 4, 9}));
}

TEST(Print, IsNeitherFoldedNorMerged) {
  GraphBuilder b;
  const Output one = Const(b, std::string("text"));
  testing::internal::CaptureStderr();
  RunOnce(b, {Print(b, one, "a"), Print(b, one, "a")});
  const std::string line = "a: string[] {\"text\"}\n";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), line + line);
}

TEST(Assert, FailsWithItsMessageTheValuesAndTheLine) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1});
  const Output positive =
      Assert(b, Greater(b, x, Const(b, 0.0f)), "x is not positive", {x, ShapeOf(b, x)});
  const int line = __LINE__ - 1;
  EXPECT_EQ(ErrorOf(b, positive, {{x, Tensor::Of<float>({2}, {1, 2})}}), "");
  EXPECT_EQ(ErrorOf(b, positive, {{x, Tensor::Of<float>({0}, {})}}), "");
  ExpectParts(ErrorOf(b, positive, {{x, Tensor::Of<float>({2}, {1, -2})}}),
              {"x is not positive: float[2] {1, -2}, int64[1] {2}",
               absl::StrCat("debug_test.cc:", line), "Assert"});
}

TEST(Assert, GuardsAnUpdate) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {});
  const Variable v(b, "v", Const(b, 1.0f));
  const Output check = Assert(b, Less(b, x, Const(b, 10.0f)), "too large");
  const Output step = Assign(b, v, Identity(b.After({check}), Neg(b.After({check}), x)));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  EXPECT_TRUE(session->Run({{x, Tensor::Scalar(3.0f)}}, {step}).ok());
  EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), -3);
  EXPECT_FALSE(session->Run({{x, Tensor::Scalar(30.0f)}}, {step}).ok());
  EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), -3);
}

TEST(CheckNumerics, SaysWhere) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, -1});
  const Output y = CheckNumerics(b, x, "the scores");
  EXPECT_EQ(ErrorOf(b, y, {{x, Tensor::Of<float>({1, 2}, {1, 2})}}), "");
  ExpectParts(ErrorOf(b, y, {{x, Tensor::Of<float>({2, 3}, {0, 1, 2, 3, kNan, kInf})}}),
              {"the scores: nan at [1, 1], the first of 2 elements of float[2, 3]",
               "debug_test.cc:", "CheckNumerics"});
  ExpectParts(ErrorOf(b, y, {{x, Tensor::Of<float>({1, 1}, {-kInf})}}),
              {"the scores: -inf at [0, 0] of float[1, 1]"});
}

TEST(CheckNumerics, KnowsEveryFloatingType) {
  for (const DType dtype : kFloatingTypes) {
    GraphBuilder b;
    const Output largest = ScalarLike(b, 60000, dtype);
    EXPECT_EQ(ErrorOf(b, CheckNumerics(b, largest, "finite")), "");
    const Output none = Cast(b, Const(b, kNan), dtype);
    ExpectParts(ErrorOf(b, CheckNumerics(b, none, "x")), {"x: nan of"});
  }
}

TEST(CheckNumerics, PassesTheGradientOn) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3});
  const Output y = Print(b, CheckNumerics(b, x, "x"), "x", 0);
  testing::internal::CaptureStderr();
  CheckGradients(b, Sum(b, Square(b, y)), {x}, {Random<double>({3}, 1)});
  testing::internal::GetCapturedStderr();
}

TEST(CheckedSession, NamesTheFirstNodeThatIsNotFinite) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 2});
  const Output log = Log(b.Scope("loss").Named("log"), x);
  const int line = __LINE__ - 1;
  const Output loss = Sum(b, Square(b, log));
  EXPECT_EQ(CheckedError(b, loss, {{x, Tensor::Of<float>({1, 2}, {1, 2})}}), "");
  const Feeds bad = {{x, Tensor::Of<float>({2, 2}, {1, 2, 3, -4})}};
  ExpectParts(CheckedError(b, loss, bad),
              {"Log 'loss/log'", absl::StrCat("debug_test.cc:", line), "with inputs [2, 2]",
               "output 0 is nan at [1, 1] of float[2, 2]"});
  EXPECT_EQ(ErrorOf(b, loss, bad), "") << "only where it is asked for";
}

TEST(CheckedSession, NamesANodeThatWouldBeFused) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {3});
  const Output chain = Square(b, Sub(b, Exp(b.Named("exp"), x), Const(b, 1.0f)));
  ExpectParts(CheckedError(b, chain, {{x, Tensor::Of<float>({3}, {0, 1, 1000})}}),
              {"Exp 'exp'", "inf at [2]"});
}

TEST(CheckedSession, LooksIntoLoops) {
  GraphBuilder b;
  const Output xs = Placeholder(b, kFloat, {-1});
  const Output sum =
      Scan(b, {Const(b, 0.0f)}, {xs},
           [](const GraphBuilder& body, const Outputs& carries, const Outputs& rows) {
             return ScanValues{{Add(body, carries[0], Sqrt(body.Named("root"), rows[0]))}, {}};
           })
          .carries[0];
  EXPECT_EQ(CheckedError(b, sum, {{xs, Tensor::Of<float>({2}, {1, 4})}}), "");
  ExpectParts(CheckedError(b, sum, {{xs, Tensor::Of<float>({2}, {1, -4})}}),
              {"Sqrt 'root'", "nan of float[]", "in function"});
}

TEST(CheckedSession, LooksAtFeedsAndVariables) {
  GraphBuilder b;
  const Output x = Placeholder(b.Named("x"), kFloat, {2});
  ExpectParts(CheckedError(b, Neg(b, x), {{x, Tensor::Of<float>({2}, {1, kInf})}}),
              {"Placeholder 'x'", "is fed inf at [1] of float[2]"});

  const Variable v(b, "v", Const(b, Tensor::Of<float>({2}, {1, 2})));
  auto session = Session::Create(b, {.check_numerics = true});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  ASSERT_TRUE(session->SetVariable("v", Tensor::Of<float>({2}, {kNan, kNan})).ok());
  ExpectParts(std::string(session->Run({}, {Neg(b, v.Read())}).status().message()),
              {"Variable 'v'", "holds nan at [0], the first of 2 elements"});
}

TEST(CheckedSession, LooksAtEveryDevice) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {});
  const Output there = Log(b.Named("log").OnDevice("/device:cpu:1"), x);
  const Output here = Neg(b.OnDevice("/device:cpu:0"), there);
  ExpectParts(CheckedError(b, here, {{x, Tensor::Scalar(0.0f)}}, {.cpu_devices = 2}),
              {"Log 'log'", "-inf"});
}

}  // namespace
}  // namespace viv
