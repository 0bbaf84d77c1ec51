// Random ops: what every draw satisfies. Which numbers they are is fixed in session_test.cc and
// nn_test.cc.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

const std::vector<OpCase> kDraws = {{"odd", {}, {{"shape", Shape({3, 17})}}},
                                    {"many", {}, {{"shape", Shape({4001})}}},
                                    {"one", {}, {{"shape", Shape({1})}}},
                                    {"empty", {}, {{"shape", Shape({0, 3})}}}};
const std::vector<BadCase> kBadDraws = {
    {"extent", {}, "unknown extents", {{"shape", PartialShape({2, -1})}}}};

const OpCaseRegistration kRandom({
    {.op = "RandomUniform",
     .property = [](const OpCall& call, const std::vector<Array>& y) -> std::string {
       double sum = 0;
       for (const double v : y[0].values) {
         if (!(v >= 0 && v < 1)) return "a number outside [0, 1)";
         sum += v;
       }
       const double n = static_cast<double>(y[0].values.size());
       return n > 1000 && std::abs(sum / n - 0.5) > 0.03 ? "the mean is off" : "";
     },
     .gradient = GradientKind::kZero,
     .cases = kDraws,
     .bad = kBadDraws},
    {.op = "RandomNormal",
     .property = [](const OpCall& call, const std::vector<Array>& y) -> std::string {
       double squares = 0;
       for (const double v : y[0].values) squares += v * v;
       const double n = static_cast<double>(y[0].values.size());
       return n > 1000 && std::abs(squares / n - 1) > 0.1 ? "the variance is off" : "";
     },
     .gradient = GradientKind::kZero,
     .cases = kDraws,
     .bad = kBadDraws},
    {.op = "LogUniformSampler",
     .property = [](const OpCall& call, const std::vector<Array>& y) -> std::string {
       for (const double v : y[0].values) {
         if (!(v >= 0 && v < static_cast<double>(call.attrs.Int("classes")))) return "no class";
       }
       return "";
     },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({17}, 0, 8)}, {{"classes", 9}, {"count", 5}}},
               {"one", {Given({1}, {0})}, {{"classes", 1}, {"count", 1}}},
               {"empty", {Given({0}, {})}, {{"classes", 3}, {"count", 2}}}},
     .bad = {{"count", {Given({1}, {0})}, "cannot draw 0", {{"classes", 3}, {"count", 0}}}}},
});

// Without training nothing is dropped.
const OpCaseRegistration kDropout({
    .op = "Dropout",
    .oracle = [](const OpCall& call) { return std::vector<Array>{call[0]}; },
    .cases = {{"odd", {Uniform({3, 17}), Given({}, {0})}, {{"rate", 0.5}}},
              {"one", {Uniform({1}), Given({}, {0})}, {{"rate", 0.5}}},
              {"empty", {Uniform({0, 3}), Given({}, {0})}, {{"rate", 0.5}}}},
    .bad = {{"rate", {Uniform({2})}, "outside [0, 1)", {{"rate", 1.0}}}},
});

}  // namespace
}  // namespace viv
