// Element-wise functions of one argument.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

OpCases Unary(const std::string& op, std::function<double(double)> f, double low = -3,
              double high = 3) {
  return {.op = op,
          .oracle = Elementwise(f),
          .gradient = GradientKind::kTwice,
          .cases = {{"odd", {Uniform({3, 17}, low, high)}},
                    {"one", {Uniform({1}, low, high)}},
                    {"scalar", {Uniform({}, low, high)}},
                    {"empty", {Uniform({2, 0, 3}, low, high)}}}};
}

const OpCaseRegistration kUnary({
    Unary("Neg", [](double x) { return -x; }),
    Unary("Exp", [](double x) { return std::exp(x); }),
    Unary(
        "Log", [](double x) { return std::log(x); }, 0.2, 3),
    Unary(
        "Sqrt", [](double x) { return std::sqrt(x); }, 0.2, 3),
    Unary("Square", [](double x) { return x * x; }),
    Unary("Tanh", [](double x) { return std::tanh(x); }),
    Unary("Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }),
    Unary("Relu", [](double x) { return x > 0 ? x : 0; }),
    Unary(
        "Abs", [](double x) { return std::abs(x); }, -3, -0.1),
    Unary("Expm1", [](double x) { return std::expm1(x); }),
    Unary(
        "Log1p", [](double x) { return std::log1p(x); }, -0.5, 3),
    Unary("Erf", [](double x) { return std::erf(x); }),
    Unary(
        "Sin", [](double x) { return std::sin(x); }, -9, 9),
    Unary(
        "Cos", [](double x) { return std::cos(x); }, -9, 9),
    Unary("Softplus", [](double x) { return std::log(1 + std::exp(x)); }),
});

// Nothing flows through.
OpCases Steps(const std::string& op, std::function<double(double)> f) {
  OpCases cases = Unary(op, f);
  cases.gradient = GradientKind::kZero;
  return cases;
}
const OpCaseRegistration kSteps({
    Steps("Sign", [](double x) { return x > 0   ? 1
                                        : x < 0 ? -1
                                                : 0; }),
    Steps("Floor", [](double x) { return std::floor(x); }),
    Steps("Ceil", [](double x) { return std::ceil(x); }),
    Steps("Round", [](double x) { return std::nearbyint(x); }),
    Steps("Not", [](double x) { return x == 0; }),
    Steps("IsNan", [](double x) { return std::isnan(x); }),
    Steps("IsFinite", [](double x) { return std::isfinite(x); }),
});

// Differentiable in dy only.
const OpCaseRegistration kReluGrad({
    .op = "ReluGrad",
    .oracle = Elementwise([](double y, double dy) { return y > 0 ? dy : 0; }),
    .gradient = GradientKind::kTwice,
    .gradient_inputs = {1},
    .cases = {{"odd", {Uniform({3, 17}), Uniform({3, 17})}},
              {"one", {Uniform({1}), Uniform({1})}},
              {"empty", {Uniform({0, 3}), Uniform({0, 3})}}},
    .bad = {{"shapes", {Uniform({2}), Uniform({3})}, "differ"}},
});

}  // namespace
}  // namespace viv
