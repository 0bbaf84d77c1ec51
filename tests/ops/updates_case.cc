// Ops that update variables: the oracle says the new values.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

const OpCaseRegistration kAssign({
    {.op = "Assign",
     .oracle = [](const OpCall& call) { return std::vector<Array>{call[1]}; },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({3, 17}), Uniform({3, 17}, 0, 2)}},
               {"one", {Uniform({1}), Uniform({1})}},
               {"empty", {Uniform({0, 3}), Uniform({0, 3})}}},
     .bad = {{"shape", {Uniform({2}), Uniform({3})}, "[3]"}}},
    {.op = "AssignAdd",
     .oracle = Elementwise([](double v, double delta) { return v + delta; }),
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({3, 17}), Uniform({3, 17})}},
               {"one", {Uniform({1}), Uniform({1})}},
               {"empty", {Uniform({0, 3}), Uniform({0, 3})}}},
     .bad = {{"shape", {Uniform({2}), Uniform({3})}, "[3]"}}},
    {.op = "ApplySgd",
     .oracle =
         [](const OpCall& call) {
           Array v = call[0];
           for (size_t i = 0; i < v.values.size(); ++i) {
             v.values[i] -= call[2].values[0] * call[1].values[i];
           }
           return std::vector<Array>{v};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({3, 17}), Uniform({3, 17}), Given({}, {0.1})}},
               {"one", {Uniform({1}), Uniform({1}), Given({}, {0.1})}},
               {"empty", {Uniform({0, 3}), Uniform({0, 3}), Given({}, {0.1})}}},
     .bad = {{"shape", {Uniform({2}), Uniform({3}), Given({}, {0.1})}, "input 1"},
             {"rate", {Uniform({2}), Uniform({2}), Uniform({1})}, "input 2"}}},
});

// D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015; decay as in AdamW.
std::vector<Array> Adam(const OpCall& call) {
  const double beta1 = call.attrs.Float("beta1"), beta2 = call.attrs.Float("beta2");
  const double rate = call[4].values[0], step = call[5].values[0];
  Array v = call[0], m = call[1], s = call[2];
  for (size_t i = 0; i < v.values.size(); ++i) {
    const double g = call[3].values[i];
    m.values[i] = beta1 * m.values[i] + (1 - beta1) * g;
    s.values[i] = beta2 * s.values[i] + (1 - beta2) * g * g;
    const double m_hat = m.values[i] / (1 - std::pow(beta1, step));
    const double s_hat = s.values[i] / (1 - std::pow(beta2, step));
    v.values[i] -= rate * call.attrs.Float("weight_decay") * v.values[i] +
                   rate * m_hat / (std::sqrt(s_hat) + call.attrs.Float("epsilon"));
  }
  return {v, m, s};
}

std::vector<OpInput> AdamInputs(const Shape& shape, double step) {
  return {Uniform(shape), Uniform(shape),    Uniform(shape, 0.1, 2),
          Uniform(shape), Given({}, {0.05}), Given({}, {step})};
}

const OpCaseRegistration kAdam({
    .op = "ApplyAdam",
    .oracle = Adam,
    // 1 - 0.999 in float has but ten bits.
    .tolerance = 4096,
    .gradient = GradientKind::kZero,
    .cases = {{"odd", AdamInputs({3, 17}, 1)},
              {"later", AdamInputs({19}, 100)},
              {"decay", AdamInputs({5}, 3), {{"weight_decay", 0.1}, {"beta1", 0.5}}},
              {"one", AdamInputs({1}, 2)},
              {"empty", AdamInputs({0, 3}, 2)}},
});

}  // namespace
}  // namespace viv
