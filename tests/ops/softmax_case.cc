// Softmax, LogSoftmax and SoftmaxCrossEntropy with its gradient.
#include <algorithm>
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

// The logarithm of the softmax of each row; `sums`, where given, gets each row's log of the sum.
Array LogSoftmaxOf(const Array& x, std::vector<double>* sums = nullptr) {
  Array y = x;
  const int64_t n = x.dim(x.shape.rank() - 1);
  for (size_t begin = 0; begin < y.values.size(); begin += n) {
    double* row = y.values.data() + begin;
    const double highest = *std::max_element(row, row + n);
    double sum = 0;
    for (int64_t j = 0; j < n; ++j) sum += std::exp(row[j] - highest);
    const double log_sum = highest + std::log(sum);
    for (int64_t j = 0; j < n; ++j) row[j] -= log_sum;
    if (sums != nullptr) sums->push_back(log_sum);
  }
  return y;
}

const std::vector<OpCase> kRows = {{"odd", {Uniform({3, 17})}},
                                   {"one", {Uniform({1})}},
                                   {"far apart", {Given({2, 3}, {-80, 0, 80, 5, 5, -90})}},
                                   {"cube", {Uniform({2, 3, 33}, -9, 9)}},
                                   {"no rows", {Uniform({0, 3})}},
                                   {"empty rows", {Uniform({3, 0})}}};

const OpCaseRegistration kSoftmax({
    {.op = "Softmax",
     .oracle =
         [](const OpCall& call) {
           Array y = LogSoftmaxOf(call[0]);
           for (double& v : y.values) v = std::exp(v);
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = kRows,
     .bad = {{"scalar", {Uniform({})}, "rank 0"}}},
    {.op = "LogSoftmax",
     .oracle = [](const OpCall& call) { return std::vector<Array>{LogSoftmaxOf(call[0])}; },
     // Differences of numbers up to 18.
     .tolerance = 32,
     .gradient = GradientKind::kTwice,
     .cases = kRows,
     .bad = {{"scalar", {Uniform({})}, "rank 0"}}},
});

// The target distribution of row i, or nothing where the row is ignored.
std::vector<double> Target(const OpCall& call, int64_t i) {
  const int64_t label = static_cast<int64_t>(call[1].values[i]), classes = call[0].dim(1);
  if (label == call.attrs.Int("ignored_label")) return {};
  const double e = call.attrs.Float("label_smoothing");
  std::vector<double> target(classes, e / static_cast<double>(classes));
  target[label] += 1 - e;
  return target;
}

std::vector<Array> CrossEntropy(const OpCall& call) {
  std::vector<double> sums;
  const Array log_softmax = LogSoftmaxOf(call[0], &sums);
  Array loss({call[0].dim(0)}), log_sum({call[0].dim(0)});
  for (int64_t i = 0; i < call[0].dim(0); ++i) {
    const std::vector<double> target = Target(call, i);
    if (target.empty()) continue;
    log_sum({i}) = sums[i];
    for (size_t j = 0; j < target.size(); ++j) {
      loss({i}) -= target[j] * log_softmax({i, static_cast<int64_t>(j)});
    }
  }
  return {loss, log_sum};
}

const OpCaseRegistration kCrossEntropy({
    .op = "SoftmaxCrossEntropy",
    .oracle = CrossEntropy,
    .tolerance = 16,
    .loss_outputs = {0},
    .cases = {{"odd", {Uniform({3, 17}), Given({3}, {0, 16, 5})}},
              {"smoothed", {Uniform({2, 19}), Given({2}, {3, 0})}, {{"label_smoothing", 0.1}}},
              {"padding", {Uniform({3, 5}), Given({3}, {4, 0, 1})}, {{"ignored_label", 0}}},
              {"one", {Uniform({1, 1}), Given({1}, {0})}},
              {"no rows", {Uniform({0, 5}), Given({0}, {})}}},
    .bad = {{"label", {Uniform({2, 3}), Given({2}, {0, 3})}, "label 3"},
            {"rows", {Uniform({2, 3}), Given({3}, {0, 1, 2})}, "rows of logits and labels"},
            {"smoothing",
             {Uniform({2, 3}), Given({2}, {0, 1})},
             "outside [0, 1)",
             {{"label_smoothing", 1.0}}}},
});

// weight (e^(z - l) - target).
const OpCaseRegistration kCrossEntropyGrad({
    .op = "SoftmaxCrossEntropyGrad",
    .oracle =
        [](const OpCall& call) {
          Array y(call[0].shape);
          for (int64_t i = 0; i < y.dim(0); ++i) {
            const std::vector<double> target = Target(call, i);
            for (int64_t j = 0; j < y.dim(1) && !target.empty(); ++j) {
              const double wanted = call.attrs.Bool("against_target") ? target[j] : 0;
              y({i, j}) =
                  call[2].values[i] * (std::exp(call[0]({i, j}) - call[3].values[i]) - wanted);
            }
          }
          return std::vector<Array>{y};
        },
    .tolerance = 16,
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 17}), Given({3}, {0, 16, 5}), Uniform({3}), Uniform({3})}},
              {"plain",
               {Uniform({3, 17}), Given({3}, {0, 16, 5}), Uniform({3}), Uniform({3})},
               {{"against_target", false}}},
              {"smoothed",
               {Uniform({2, 5}), Given({2}, {3, 0}), Uniform({2}), Uniform({2})},
               {{"label_smoothing", 0.1}, {"ignored_label", 0}}},
              {"one", {Uniform({1, 1}), Given({1}, {0}), Uniform({1}), Uniform({1})}},
              {"no rows", {Uniform({0, 5}), Given({0}, {}), Uniform({0}), Uniform({0})}}},
});

}  // namespace
}  // namespace viv
