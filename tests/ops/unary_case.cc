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
