// Add, Sub, Mul, Div, extrema, FloorDiv, Mod, Pow, comparisons and Select: with broadcasting, in
// floating-point and integers.
#include <algorithm>
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

// Ranges that keep the operands apart: the gradient jumps where they meet.
OpCases Apart(const std::string& op, std::function<double(double, double)> f, double low,
              double high, double low_y, double high_y) {
  const auto x = [=](const Shape& shape) { return Uniform(shape, low, high); };
  const auto y = [=](const Shape& shape) { return Uniform(shape, low_y, high_y); };
  return {.op = op,
          .oracle = Elementwise(f),
          .gradient = GradientKind::kTwice,
          .cases = {{"same shape", {x({3, 17}), y({3, 17})}},
                    {"row", {x({5, 19}), y({19})}},
                    {"column", {x({5, 1}), y({5, 19})}},
                    {"scalar", {x({2, 9}), y({})}},
                    {"one", {x({1}), y({1})}},
                    {"empty", {x({0, 3}), y({3})}}},
          .bad = {{"shapes", {x({2, 3}), y({2})}, "broadcast"}}};
}

const OpCaseRegistration kApart({
    Apart(
        "Maximum", [](double x, double y) { return std::max(x, y); }, 0, 2, 3, 5),
    Apart(
        "Minimum", [](double x, double y) { return std::min(x, y); }, 0, 2, 3, 5),
    Apart(
        "Mod", [](double x, double y) { return x - std::floor(x / y) * y; }, 6.2, 7.8, 4, 5),
    Apart(
        "Pow", [](double x, double y) { return std::pow(x, y); }, 0.5, 2, 0.5, 3),
});

const OpCaseRegistration kFloorDiv([] {
  OpCases cases = Apart(
      "FloorDiv", [](double x, double y) { return std::floor(x / y); }, 6.2, 7.8, 4, 5);
  cases.gradient = GradientKind::kZero;
  return cases;
}());

OpCases Comparison(const std::string& op, std::function<double(double, double)> f) {
  OpCases cases = Binary(op, f, 0);
  cases.gradient = GradientKind::kZero;
  const OpInput ones = Given({3, 19}, std::vector<double>(57, 1));
  cases.cases.push_back({"equal", {ones, ones}});
  return cases;
}

const OpCaseRegistration kComparison({
    Comparison("Equal", [](double x, double y) { return x == y; }),
    Comparison("NotEqual", [](double x, double y) { return x != y; }),
    Comparison("Less", [](double x, double y) { return x < y; }),
    Comparison("LessEqual", [](double x, double y) { return x <= y; }),
    Comparison("Greater", [](double x, double y) { return x > y; }),
    Comparison("GreaterEqual", [](double x, double y) { return x >= y; }),
    Comparison("And", [](double x, double y) { return x != 0 && y != 0; }),
    Comparison("Or", [](double x, double y) { return x != 0 || y != 0; }),
});

const OpCaseRegistration kSelect({
    .op = "Select",
    .oracle =
        [](const OpCall& call) {
          Array z(BroadcastOf(call[0].shape, BroadcastOf(call[1].shape, call[2].shape)));
          ForEachIndex(z.shape, [&](absl::Span<const int64_t> i) {
            z(i) = BroadcastAt(call[BroadcastAt(call[0], i) != 0 ? 1 : 2], i);
          });
          return std::vector<Array>{z};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"same shape", {Uniform({3, 17}), Uniform({3, 17}), Uniform({3, 17})}},
              {"column", {Uniform({5, 1}), Uniform({19}), Uniform({})}},
              {"row", {Uniform({19}), Uniform({5, 19}), Uniform({5, 1})}},
              {"one", {Uniform({1}), Uniform({1}), Uniform({1})}},
              {"empty", {Uniform({0, 3}), Uniform({3}), Uniform({1})}}},
    .bad = {{"shapes", {Uniform({2}), Uniform({3}), Uniform({})}, "broadcast"}},
});

}  // namespace
}  // namespace viv
