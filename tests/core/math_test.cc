// Comparison, logic, choice, extrema and the types of arithmetic: values by hand, gradients against
// central differences.
#include "core/ops/math.h"

#include <cmath>
#include <limits>

#include "check_gradients.h"
#include "core/ops/array.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

absl::StatusOr<Tensor> Evaluate(const GraphBuilder& b, Output y) {
  absl::StatusOr<Session> session = Session::Create(b);
  if (!session.ok()) return session.status();
  absl::StatusOr<std::vector<Tensor>> values = session->Run({}, {y});
  if (!values.ok()) return values.status();
  return (*values)[0];
}

using BinaryFn = Output (*)(BuilderRef, Output, Output);

template <typename R, typename T>
std::vector<R> Apply(BinaryFn f, std::vector<T> x, std::vector<T> y) {
  GraphBuilder b;
  const Output z = f(b, Const(b, Tensor::Vector<T>(x)), Const(b, Tensor::Vector<T>(y)));
  const absl::StatusOr<Tensor> value = Evaluate(b, z);
  EXPECT_TRUE(value.ok()) << value.status();
  if (!value.ok()) return {};
  const auto flat = value->template flat<R>();
  return std::vector<R>(flat.begin(), flat.end());
}

TEST(Compare, NumbersAndNaN) {
  const std::vector<float> x = {1, 2, 3, kNaN}, y = {2, 2, 2, 2};
  EXPECT_THAT((Apply<bool, float>(&Equal, x, y)), ElementsAre(false, true, false, false));
  EXPECT_THAT((Apply<bool, float>(&NotEqual, x, y)), ElementsAre(true, false, true, true));
  EXPECT_THAT((Apply<bool, float>(&Less, x, y)), ElementsAre(true, false, false, false));
  EXPECT_THAT((Apply<bool, float>(&LessEqual, x, y)), ElementsAre(true, true, false, false));
  EXPECT_THAT((Apply<bool, float>(&Greater, x, y)), ElementsAre(false, false, true, false));
  EXPECT_THAT((Apply<bool, float>(&GreaterEqual, x, y)), ElementsAre(false, true, true, false));
  EXPECT_THAT((Apply<bool, int8_t>(&Less, {-100, 100}, {100, -100})), ElementsAre(true, false));
  EXPECT_THAT((Apply<bool, std::string>(&Equal, {"a", "b"}, {"a", "c"})), ElementsAre(true, false));
}

TEST(Compare, Logic) {
  GraphBuilder b;
  const Output x = Const(b, Tensor::Of<bool>({2, 1}, {true, false}));
  const Output y = Const(b, Tensor::Of<bool>({2}, {true, false}));
  EXPECT_THAT(Evaluate(b, And(b, x, y))->flat<bool>(), ElementsAre(true, false, false, false));
  EXPECT_THAT(Evaluate(b, Or(b, x, y))->flat<bool>(), ElementsAre(true, true, true, false));
  EXPECT_THAT(Evaluate(b, NotEqual(b, y, Not(b, y)))->flat<bool>(), ElementsAre(true, true));
  EXPECT_THAT(Evaluate(b, Not(b, y))->flat<bool>(), ElementsAre(false, true));
}

TEST(Compare, ClassifiesFloats) {
  GraphBuilder b;
  const Output x = Const(b, Tensor::Vector<float>({1, kNaN, INFINITY}));
  EXPECT_THAT(Evaluate(b, IsNan(b, x))->flat<bool>(), ElementsAre(false, true, false));
  EXPECT_THAT(Evaluate(b, IsFinite(b, x))->flat<bool>(), ElementsAre(true, false, false));
}

TEST(Extrema, ValuesAndNaN) {
  EXPECT_THAT((Apply<float, float>(&Maximum, {1, 3}, {2, 2})), ElementsAre(2, 3));
  EXPECT_THAT((Apply<float, float>(&Minimum, {1, 3}, {2, 2})), ElementsAre(1, 2));
  for (const BinaryFn f : {&Maximum, &Minimum}) {
    const std::vector<float> z = Apply<float, float>(f, {kNaN, 1}, {1, kNaN});
    EXPECT_TRUE(std::isnan(z[0]) && std::isnan(z[1]));
  }
  EXPECT_THAT((Apply<int32_t, int32_t>(&Mod, {7, -7, 7, -7}, {3, 3, -3, -3})),
              ElementsAre(1, 2, -2, -1));
  EXPECT_THAT((Apply<float, float>(&Mod, {5.5f, -5.5f}, {2, 2})), ElementsAre(1.5f, 0.5f));
  EXPECT_THAT((Apply<double, double>(&Pow, {2, 0, 9}, {3, 0, 0.5})), ElementsAre(8, 1, 3));
}

TEST(Arithmetic, NarrowTypesWrapAndRound) {
  EXPECT_THAT((Apply<uint8_t, uint8_t>(&Add, {250}, {10})), ElementsAre(4));
  EXPECT_THAT((Apply<int8_t, int8_t>(&Mul, {100}, {2})), ElementsAre(-56));
  EXPECT_THAT((Apply<int8_t, int8_t>(&Div, {-128, 7}, {-1, -2})), ElementsAre(-128, -3));
  const auto half = Apply<Half, Half>(&Add, {Half(1.5f)}, {Half(0.25f)});
  EXPECT_EQ(static_cast<float>(half[0]), 1.75f);
  // 1 + 2^-9 lies between two bfloat16 numbers.
  const auto bf16 = Apply<BFloat16, BFloat16>(&Add, {BFloat16(1)}, {BFloat16(0x1p-9f)});
  EXPECT_EQ(static_cast<float>(bf16[0]), 1.0f);

  GraphBuilder b;
  const Output zero = Const(b, Tensor::Vector<int32_t>({0}));
  EXPECT_THAT(std::string(Evaluate(b, Mod(b, zero, zero)).status().message()),
              HasSubstr("by zero"));
}

TEST(Mean, OfNothing) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 3});
  const Output rows = Mean(b, x, {1}), columns = Mean(b, x, {0});
  absl::StatusOr<Session> session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto means = session->Run({{x, *Tensor::Zeros(kFloat, {0, 3})}}, {rows, columns});
  ASSERT_TRUE(means.ok()) << means.status();
  EXPECT_EQ((*means)[0].shape(), Shape({0}));
  EXPECT_THAT((*means)[1].flat<float>(), testing::Each(testing::IsNan()));
}

TEST(Select, TakesWhereTheConditionHolds) {
  GraphBuilder b;
  const Output condition = Const(b, Tensor::Of<bool>({2, 1}, {true, false}));
  const Output x = Const(b, Tensor::Vector<int64_t>({1, 2, 3}));
  const Output y = Const(b, int64_t{9});
  const absl::StatusOr<Tensor> z = Evaluate(b, Select(b, condition, x, y));
  ASSERT_TRUE(z.ok()) << z.status();
  EXPECT_EQ(z->shape(), Shape({2, 3}));
  EXPECT_THAT(z->flat<int64_t>(), ElementsAre(1, 2, 3, 9, 9, 9));
}

TEST(MathGradients, AgreeWithDifferences) {
  const std::vector<BinaryFn> functions = {
      &Maximum, &Minimum, [](BuilderRef b, Output x, Output y) { return Pow(b, Exp(b, x), y); },
      [](BuilderRef b, Output x, Output y) { return Select(b, Less(b, x, y), Mul(b, x, y), y); },
      [](BuilderRef b, Output x, Output y) { return Mul(b, Clip(b, x, -0.5, 0.3), y); }};
  for (size_t i = 0; i < functions.size(); ++i) {
    SCOPED_TRACE(i);
    for (const Shape& shape : {Shape({3, 5}), Shape({5}), Shape({3, 1}), Shape()}) {
      GraphBuilder b;
      const Output x = Placeholder(b, kDouble, {3, 5}), y = Placeholder(b, kDouble, shape);
      const Output loss = Sum(b, Square(b, functions[i](b, x, y)));
      CheckGradients(b, loss, {x, y}, {Random<double>({3, 5}, 1), Random<double>(shape, 2)}, 1e-6);
    }
  }
}

}  // namespace
}  // namespace viv
