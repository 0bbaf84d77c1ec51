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

std::vector<OpCase> WithStddev(std::vector<OpCase> cases, double stddev) {
  for (OpCase& one : cases) one.attrs.Set("stddev", stddev);
  return cases;
}

// Every class as often as its probability says, within five standard errors.
std::string CheckCategorical(const OpCall& call, const std::vector<Array>& y) {
  const Array& logits = call[0];
  const int64_t samples = call.attrs.Int("samples");
  if (!(y[0].shape == Shape({logits.dim(0), samples}))) return "the shape is wrong";
  for (int64_t r = 0; r < logits.dim(0); ++r) {
    double top = -INFINITY, total = 0;
    std::vector<double> counts(logits.dim(1)), p(logits.dim(1));
    for (int64_t j = 0; j < logits.dim(1); ++j) top = std::max(top, logits({r, j}));
    for (int64_t j = 0; j < logits.dim(1); ++j) total += p[j] = std::exp(logits({r, j}) - top);
    for (int64_t s = 0; s < samples; ++s) {
      const double k = y[0]({r, s});
      if (!(k >= 0 && k < static_cast<double>(logits.dim(1)))) return "no class";
      counts[static_cast<size_t>(k)] += 1;
    }
    for (int64_t j = 0; j < logits.dim(1); ++j) {
      const double n = static_cast<double>(samples), expected = n * p[j] / total;
      if (std::abs(counts[j] - expected) > 5 * std::sqrt(expected) + 1e-9) {
        return "a class is drawn too often or too rarely";
      }
    }
  }
  return "";
}

const OpCaseRegistration kRandom({
    {.op = "RandomUniform",
     .property = [](const OpCall&, const std::vector<Array>& y) -> std::string {
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
     .property = [](const OpCall&, const std::vector<Array>& y) -> std::string {
       double squares = 0;
       for (const double v : y[0].values) squares += v * v;
       const double n = static_cast<double>(y[0].values.size());
       return n > 1000 && std::abs(squares / n - 1) > 0.1 ? "the variance is off" : "";
     },
     .gradient = GradientKind::kZero,
     .cases = kDraws,
     .bad = kBadDraws},
    {.op = "TruncatedNormal",
     .property = [](const OpCall& call, const std::vector<Array>& y) -> std::string {
       const double stddev = call.attrs.Float("stddev");
       double sum = 0, squares = 0;
       for (const double v : y[0].values) {
         if (!(std::abs(v) <= 2 * stddev)) return "a number beyond two deviations";
         sum += v / stddev;
         squares += v / stddev * v / stddev;
       }
       const double n = static_cast<double>(y[0].values.size());
       if (n < 1000) return "";
       if (std::abs(sum / n) > 0.06) return "the mean is off";
       // Of the part of a normal law within two deviations.
       return std::abs(squares / n - 0.7737) > 0.06 ? "the variance is off" : "";
     },
     .gradient = GradientKind::kZero,
     .cases = WithStddev(kDraws, 0.5),
     .bad = kBadDraws},
    {.op = "Categorical",
     .property = CheckCategorical,
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({3, 17})}, {{"samples", 4001}}},
               {"never", {Given({2, 3}, {0, -9999, 1, -9999, 0, -9999})}, {{"samples", 999}}},
               {"large", {Given({1, 2}, {1000, 1001})}, {{"samples", 1999}}},
               {"one class", {Uniform({5, 1})}},
               {"one", {Given({1, 1}, {0})}},
               {"no rows", {Uniform({0, 3})}},
               {"no samples", {Uniform({2, 3})}, {{"samples", 0}}}},
     .bad = {{"classes", {Uniform({2, 0})}, "of no classes"},
             {"rank", {Uniform({3})}, "rank 1"},
             {"nan", {Given({2, 2}, {0, 0, NAN, 0})}, "logits of row 1"},
             {"nothing", {Given({1, 2}, {-INFINITY, -INFINITY})}, "logits of row 0"},
             {"samples", {Uniform({2, 3})}, "samples", {{"samples", -1}}}}},
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
