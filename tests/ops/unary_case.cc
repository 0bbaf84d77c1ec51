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

}  // namespace
}  // namespace viv
