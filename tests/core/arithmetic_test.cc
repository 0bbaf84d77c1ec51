// Element-wise ops of two and three operands: all types, broadcasting, extreme numbers, gradients.
#include <cmath>
#include <functional>
#include <limits>

#include "check_gradients.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "elementwise_cases.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

using BinaryBuilder = Output (*)(BuilderRef, Output, Output);

// Checks build(x, y) against `expected` of the elements, for every type, with shapes that broadcast
// in all ways that kernels tell apart.
void CheckBinary(BinaryBuilder build, const std::function<double(double, double)>& expected,
                 const std::vector<DType>& types, double low, double high) {
  const std::pair<Shape, Shape> shapes[] = {
      {{}, {}},           {{1}, {37}},       {{1003}, {1003}},       {{7, 67}, {67}},
      {{67}, {7, 67}},    {{7, 67}, {7, 1}}, {{7, 1}, {7, 67}},      {{5, 1}, {1, 3}},
      {{0, 3}, {3}},      {{4, 0}, {1}},     {{2, 3, 4}, {2, 1, 4}}, {{2, 1, 4, 1}, {3, 1, 5}},
      {{300, 301}, {301}}};
  for (const DType dtype : types) {
    for (const auto& [sx, sy] : shapes) {
      const Tensor x = RandomOf(dtype, sx, low, high, 1), y = RandomOf(dtype, sy, low, high, 2);
      GraphBuilder b;
      const Output z = build(b, Const(b, x), Const(b, y));
      const Tensor got = RunOnce(b, {z})[0];
      ASSERT_TRUE(got.valid());
      const std::vector<double> vx = BroadcastValues(x, got.shape());
      const std::vector<double> vy = BroadcastValues(y, got.shape());
      for (int64_t i = 0; i < got.num_elements(); ++i) {
        const double want = Stored(expected(vx[i], vy[i]), got.dtype());
        const double value = got.ElementAsDouble(i);
        ASSERT_NEAR(value, want, Unit(got.dtype()) * std::abs(want))
            << DTypeName(dtype) << " " << sx.ToString() << " " << sy.ToString() << " at " << i
            << ": " << vx[i] << ", " << vy[i];
      }
    }
  }
}

TEST(Arithmetic, AllTypesAndShapes) {
  CheckBinary(&Add, std::plus<double>(), kNumericTypes, 0, 60);
  CheckBinary(&Sub, std::minus<double>(), kNumericTypes, 30, 60);
  CheckBinary(&Mul, std::multiplies<double>(), kNumericTypes, 0, 11);
  CheckBinary(&Div, std::divides<double>(), kFloatingTypes, 1, 9);
  CheckBinary(
      &Div, [](double x, double y) { return std::trunc(x / y); }, {kInt8, kUInt8, kInt32, kInt64},
      1, 90);
  CheckBinary(
      &FloorDiv, [](double x, double y) { return std::floor(x / y); },
      {kDouble, kUInt8, kInt32, kInt64}, 1, 90);
  CheckBinary(
      &Mod, [](double x, double y) { return x - std::floor(x / y) * y; }, {kInt32, kUInt8, kInt64},
      1, 90);
  CheckBinary(
      &Maximum, [](double x, double y) { return std::max(x, y); }, kNumericTypes, 0, 99);
  CheckBinary(
      &Minimum, [](double x, double y) { return std::min(x, y); }, kNumericTypes, 0, 99);
  CheckBinary(
      &Pow, [](double x, double y) { return std::pow(x, y); }, {kDouble, kFloat, kBFloat16}, 0.5,
      3);
}

TEST(Arithmetic, IntegersWrapAndRoundTowardsTheFloor) {
  GraphBuilder b;
  const Output x = Const(b, Tensor::Vector<int8_t>({-128, 127, -7, 7, -7, 7}));
  const Output y = Const(b, Tensor::Vector<int8_t>({-1, 1, 2, -2, -2, 2}));
  const auto got = RunOnce(
      b, {Add(b, x, y), Div(b, x, y), FloorDiv(b, x, y), Mod(b, x, y), Sub(b, x, y), Neg(b, x)});
  const auto expect = [&](int i, const std::vector<int>& values) {
    for (int j = 0; j < 6; ++j) EXPECT_EQ(got[i].ElementAsInt(j), values[j]) << i << " " << j;
  };
  expect(0, {127, -128, -5, 5, -9, 9});
  expect(1, {-128, 127, -3, -3, 3, 3});
  expect(2, {-128, 127, -4, -4, 3, 3});
  expect(3, {0, 0, 1, -1, -1, 1});
  expect(4, {-127, 126, -9, 9, -5, 5});
  expect(5, {-128, -127, 7, -7, 7, -7});
}

TEST(Arithmetic, AnIntegerDividedByZeroIsAnErrorOfTheRun) {
  for (const BinaryBuilder build : {&Div, &FloorDiv, &Mod}) {
    GraphBuilder b;
    const Output z = build(b, Const(b, Tensor::Vector<int32_t>({1, 2})), Const<int32_t>(b, 0));
    auto session = Session::Create(b);
    ASSERT_TRUE(session.ok());
    EXPECT_THAT(std::string(session->Run({}, {z}).status().message()), HasSubstr("by zero"));
  }
}

TEST(Arithmetic, ExtremaKeepNan) {
  GraphBuilder b;
  std::vector<float> x(40, 1.0f), y(40, 2.0f);
  x[3] = y[4] = x[39] = NAN;
  const Output in[] = {Const(b, Tensor::Vector<float>(x)), Const(b, Tensor::Vector<float>(y))};
  const auto got =
      RunOnce(b, {Maximum(b, in[0], in[1]), Minimum(b, in[0], in[1]), Clip(b, in[0], -0.5, 0.5)});
  for (int i = 0; i < 40; ++i) {
    const bool nan = i == 3 || i == 4 || i == 39;
    EXPECT_EQ(std::isnan(got[0].data<float>()[i]), nan) << i;
    EXPECT_EQ(std::isnan(got[1].data<float>()[i]), nan) << i;
    EXPECT_EQ(std::isnan(got[2].data<float>()[i]), i == 3 || i == 39) << i;
  }
  EXPECT_EQ(got[2].data<float>()[0], 0.5f);
}

TEST(Arithmetic, CanBeDifferentiatedTwice) {
  for (const BinaryBuilder build : {&Maximum, &Minimum, &Pow, &Mul, &Div, &Mod}) {
    GraphBuilder b;
    const std::vector<Output> in = {Placeholder(b, kDouble, {3, 4}), Placeholder(b, kDouble, {4})};
    const Tensor x = RandomOf(kDouble, {3, 4}, 1.1, 2, 1), y = RandomOf(kDouble, {4}, 2.1, 3, 2);
    CheckTwice(b, Sum(b, Square(b, build(b, in[0], in[1]))), in, {x, y}, 1e-6, 1e-4);
  }
}

TEST(Arithmetic, PowersOfZeroHaveFiniteGradients) {
  GraphBuilder b;
  const Output x = Const(b, Tensor::Vector<double>({0, 0, 0}));
  const Output y = Const(b, Tensor::Vector<double>({0, 1, 2}));
  const auto gradients = DenseGradients(b, {Pow(b, x, y)}, {x, y});
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const auto got = RunOnce(b, *gradients);
  EXPECT_TRUE(got[0].Identical(Tensor::Vector<double>({0, 1, 0})));
  EXPECT_TRUE(got[1].Identical(Tensor::Vector<double>({0, 0, 0})));
}

TEST(Compare, AllTypesAndShapes) {
  CheckBinary(&Equal, std::equal_to<double>(), kNumberOrBool, 0, 3);
  CheckBinary(&NotEqual, std::not_equal_to<double>(), kNumberOrBool, 0, 3);
  CheckBinary(&Less, std::less<double>(), kNumericTypes, 0, 5);
  CheckBinary(&LessEqual, std::less_equal<double>(), kNumericTypes, 0, 5);
  CheckBinary(&Greater, std::greater<double>(), kNumericTypes, 0, 5);
  CheckBinary(&GreaterEqual, std::greater_equal<double>(), kNumericTypes, 0, 5);
  CheckBinary(&And, std::logical_and<double>(), {kBool}, 0, 2);
  CheckBinary(&Or, std::logical_or<double>(), {kBool}, 0, 2);
}

TEST(Compare, NanIsUnequalToAllAndStringsCompare) {
  GraphBuilder b;
  const Output nan = Const(b, Tensor::Vector<float>(std::vector<float>(20, NAN)));
  const Output words = Const(b, Tensor::Vector<std::string>(std::vector<std::string>{"a", "b"}));
  const Output a = Const(b, Tensor::Scalar("a"));
  const auto got = RunOnce(
      b, {Equal(b, nan, nan), NotEqual(b, nan, nan), Less(b, nan, nan), GreaterEqual(b, nan, nan),
          Equal(b, words, a), NotEqual(b, a, words), Not(b, Equal(b, words, a))});
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(got[0].data<bool>()[i] || got[2].data<bool>()[i] || got[3].data<bool>()[i]);
    EXPECT_TRUE(got[1].data<bool>()[i]);
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(got[4].data<bool>()[i], i == 0);
    EXPECT_EQ(got[5].data<bool>()[i], i == 1);
    EXPECT_EQ(got[6].data<bool>()[i], i == 1);
  }
}

TEST(Compare, FindsWhatIsNoNumberOrInfinite) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const DType dtype : kFloatingTypes) {
    GraphBuilder b;
    const Output x = Cast(b, Const(b, Tensor::Vector<double>({0, NAN, inf, -inf, 5})), dtype);
    const auto got = RunOnce(b, {IsNan(b, x), IsFinite(b, x)});
    EXPECT_TRUE(got[0].Identical(Tensor::Vector<bool>({false, true, false, false, false})));
    EXPECT_TRUE(got[1].Identical(Tensor::Vector<bool>({true, false, false, false, true})));
  }
}

TEST(Compare, TypesMustAgree) {
  GraphBuilder b;
  Less(b, Const(b, 1.0f), Const<int32_t>(b, 1));
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("Less"));
  GraphBuilder words;
  Less(words, Const(words, Tensor::Scalar("a")), Const(words, Tensor::Scalar("b")));
  EXPECT_THAT(std::string(words.status().message()), HasSubstr("string"));
}

TEST(Select, TakesFromWhereTheConditionSays) {
  const Shape shapes[][3] = {{{}, {}, {}},
                             {{5, 67}, {5, 67}, {5, 67}},
                             {{5, 1}, {67}, {}},
                             {{67}, {5, 67}, {5, 1}},
                             {{2, 1, 3}, {4, 1}, {3}},
                             {{0}, {1}, {1}}};
  for (const auto& s : shapes) {
    for (const DType dtype : {kFloat, kBFloat16, kInt8, kInt64, kBool}) {
      const Tensor c = RandomOf(kBool, s[0], 0, 2, 1), x = RandomOf(dtype, s[1], 0, 50, 2);
      const Tensor y = RandomOf(dtype, s[2], 0, 50, 3);
      GraphBuilder b;
      const Tensor got = RunOnce(b, {Select(b, Const(b, c), Const(b, x), Const(b, y))})[0];
      const std::vector<double> vc = BroadcastValues(c, got.shape());
      const std::vector<double> vx = BroadcastValues(x, got.shape());
      const std::vector<double> vy = BroadcastValues(y, got.shape());
      for (int64_t i = 0; i < got.num_elements(); ++i) {
        ASSERT_EQ(got.ElementAsDouble(i), vc[i] != 0 ? vx[i] : vy[i]) << i;
      }
    }
  }
}

TEST(Select, CanBeDifferentiatedTwice) {
  GraphBuilder b;
  const std::vector<Output> in = {Placeholder(b, kDouble, {3, 4}), Placeholder(b, kDouble, {4})};
  const Output condition = Const(b, RandomOf(kBool, {3, 1}, 0, 2, 5));
  const Output z = Select(b, condition, Square(b, in[0]), in[1]);
  CheckTwice(b, Sum(b, Mul(b, z, z)), in, {Random<double>({3, 4}, 1), Random<double>({4}, 2)});
}

}  // namespace
}  // namespace viv
