// Add, Sub, Mul, Div: with broadcasting, in floating-point and integers.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

// `low` keeps divisors away from 0.
OpCases Binary(const std::string& op, std::function<double(double, double)> f, double low = -3) {
  return {.op = op,
          .oracle = Elementwise(f),
          .cases = {{"same shape", {Uniform({3, 17}), Uniform({3, 17}, low, 4)}},
                    {"row", {Uniform({5, 19}), Uniform({19}, low, 4)}},
                    {"column", {Uniform({5, 1}), Uniform({5, 19}, low, 4)}},
                    {"outer", {Uniform({7, 1}), Uniform({1, 33}, low, 4)}},
                    {"middle", {Uniform({2, 3, 5}), Uniform({2, 1, 5}, low, 4)}},
                    {"scalar", {Uniform({}), Uniform({2, 9}, low, 4)}},
                    {"one", {Uniform({1}), Uniform({1}, low, 4)}},
                    {"scalars", {Uniform({}), Uniform({}, low, 4)}},
                    {"empty", {Uniform({0, 3}), Uniform({3}, low, 4)}},
                    {"empty by broadcasting", {Uniform({1, 3}), Uniform({0, 3}, low, 4)}}},
          .bad = {{"shapes", {Uniform({2, 3}), Uniform({2}, low, 4)}, "broadcast"}}};
}

const OpCaseRegistration kBinary({
    Binary("Add", [](double x, double y) { return x + y; }),
    Binary("Sub", [](double x, double y) { return x - y; }),
    Binary("Mul", [](double x, double y) { return x * y; }),
});

const OpCaseRegistration kDiv([] {
  OpCases cases = Binary("Div", nullptr, 1);
  cases.oracle = [](const OpCall& call) {
    const bool integer = IsInteger(call.types.at("T"));
    return Elementwise(
        [integer](double x, double y) { return integer ? std::trunc(x / y) : x / y; })(call);
  };
  return cases;
}());

}  // namespace
}  // namespace viv
