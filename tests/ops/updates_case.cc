// Ops that update variables: the oracle says the new values.
#include <cmath>

#include "absl/strings/str_cat.h"
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
});

// Rules of optimizers. A rule moves one element of the variable and of its state.
using Rule = std::function<void(const OpCall& call, const std::vector<double>& scalars, double g,
                                const std::vector<double*>& variables)>;

void MoveOne(const OpCall& call, const Rule& rule, std::vector<Array>& variables, size_t element,
             double g, size_t first_scalar) {
  std::vector<double> scalars;
  for (size_t i = first_scalar; i < call.in.size(); ++i) scalars.push_back(call.in[i].values[0]);
  std::vector<double*> elements;
  for (Array& v : variables) elements.push_back(&v.values[element]);
  rule(call, scalars, g, elements);
}

Oracle Dense(size_t variables, const Rule& rule) {
  return [=](const OpCall& call) {
    std::vector<Array> moved(call.in.begin(), call.in.begin() + variables);
    for (size_t i = 0; i < moved[0].values.size(); ++i) {
      MoveOne(call, rule, moved, i, call.in[variables].values[i], variables + 1);
    }
    return moved;
  };
}

Oracle Rows(size_t variables, const Rule& rule) {
  return [=](const OpCall& call) {
    std::vector<Array> moved(call.in.begin(), call.in.begin() + variables);
    const Array &indices = call.in[variables], &values = call.in[variables + 1];
    const size_t rows = indices.values.size();
    const size_t width = rows == 0 ? 0 : values.values.size() / rows;
    for (size_t i = 0; i < rows; ++i) {
      if (indices.values[i] < 0) continue;
      const size_t begin = static_cast<size_t>(indices.values[i]) * width;
      for (size_t j = 0; j < width; ++j) {
        MoveOne(call, rule, moved, begin + j, values.values[i * width + j], variables + 2);
      }
    }
    return moved;
  };
}

// The variable and its state (not negative), then `gradient`, then scalars.
std::vector<OpInput> Inputs(int variables, const Shape& shape, std::vector<OpInput> gradient,
                            const std::vector<double>& scalars) {
  std::vector<OpInput> inputs = {Uniform(shape)};
  for (int i = 1; i < variables; ++i) inputs.push_back(Uniform(shape, 0.1, 2));
  inputs.insert(inputs.end(), gradient.begin(), gradient.end());
  for (const double scalar : scalars) inputs.push_back(Given({}, {scalar}));
  return inputs;
}

// Both ops of a rule, for each of several attributes and scalars.
struct RuleCases {
  std::string op;
  int variables;
  Rule rule;
  std::vector<std::pair<AttrMap, std::vector<double>>> settings;
  double tolerance = 16;
};

std::vector<OpCases> BothOps(const RuleCases& r) {
  OpCases dense = {.op = r.op,
                   .oracle = Dense(r.variables, r.rule),
                   .tolerance = r.tolerance,
                   .gradient = GradientKind::kZero};
  OpCases rows = {.op = r.op + "Rows",
                  .oracle = Rows(r.variables, r.rule),
                  .tolerance = r.tolerance,
                  .gradient = GradientKind::kZero};
  const auto with = [&](const Shape& shape, std::vector<OpInput> gradient,
                        const std::vector<double>& scalars) {
    return Inputs(r.variables, shape, std::move(gradient), scalars);
  };
  for (const auto& [attrs, scalars] : r.settings) {
    for (const Shape& shape : {Shape({3, 17}), Shape({1}), Shape({0, 3})}) {
      dense.cases.push_back({"dense", with(shape, {Uniform(shape)}, scalars), attrs});
    }
    rows.cases.push_back({"some, and a place to spare",
                          with({5, 17}, {Given({3}, {4, -1, 1}), Uniform({3, 17})}, scalars),
                          attrs});
    rows.cases.push_back(
        {"numbers", with({7}, {Given({2}, {6, 0}), Uniform({2})}, scalars), attrs});
    rows.cases.push_back({"one", with({1}, {Given({1}, {0}), Uniform({1})}, scalars), attrs});
    rows.cases.push_back({"none", with({5, 3}, {Uniform({0}), Uniform({0, 3})}, scalars), attrs});
  }
  const auto& [attrs, scalars] = r.settings[0];
  const std::string gradient = absl::StrCat("input ", r.variables);
  dense.bad = {{"shape", with({2}, {Uniform({3})}, scalars), gradient, attrs}};
  const std::string values = absl::StrCat("input ", r.variables + 1);
  rows.bad = {
      {"width", with({2, 3}, {Given({1}, {0}), Uniform({1, 4})}, scalars), values, attrs},
      {"count", with({2, 3}, {Given({1}, {0}), Uniform({2, 3})}, scalars), values, attrs},
      {"scalar", with({}, {Given({1}, {0}), Uniform({1})}, scalars), "no rows", attrs},
      {"outside", with({2, 3}, {Given({1}, {2}), Uniform({1, 3})}, scalars),
       "index 2 at position 0 is outside [0, 2)", attrs},
      {"below", with({2, 3}, {Given({1}, {-2}), Uniform({1, 3})}, scalars), "index -2", attrs},
      {"twice", with({2, 3}, {Given({3}, {1, 0, 1}), Uniform({3, 3})}, scalars),
       "row 1 is given twice", attrs}};
  return {dense, rows};
}

void MoveSgd(const OpCall&, const std::vector<double>& scalars, double g,
             const std::vector<double*>& v) {
  *v[0] -= scalars[0] * g;
}
const OpCaseRegistration kSgd(
    BothOps({.op = "ApplySgd", .variables = 1, .rule = MoveSgd, .settings = {{{}, {0.1}}}}));

// I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
void MoveMomentum(const OpCall& call, const std::vector<double>& scalars, double g,
                  const std::vector<double*>& v) {
  const double momentum = call.attrs.Float("momentum");
  *v[1] = momentum * *v[1] + g;
  *v[0] -= scalars[0] * (call.attrs.Bool("nesterov") ? g + momentum * *v[1] : *v[1]);
}
const OpCaseRegistration kMomentum(BothOps({.op = "ApplyMomentum",
                                            .variables = 2,
                                            .rule = MoveMomentum,
                                            .settings = {{{{"momentum", 0.9}}, {0.1}},
                                                         {{{"momentum", 0.5}, {"nesterov", true}},
                                                          {0.1}}}}));

// J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods", 2011.
void MoveAdagrad(const OpCall& call, const std::vector<double>& scalars, double g,
                 const std::vector<double*>& v) {
  *v[1] += g * g;
  *v[0] -= scalars[0] * g / (std::sqrt(*v[1]) + call.attrs.Float("epsilon"));
}
const OpCaseRegistration kAdagrad(BothOps({.op = "ApplyAdagrad",
                                           .variables = 2,
                                           .rule = MoveAdagrad,
                                           .settings = {{{}, {0.1}},
                                                        {{{"epsilon", 0.5}}, {0.1}}}}));

// T. Tieleman and G. Hinton, lecture 6.5, 2012.
void MoveRmsProp(const OpCall& call, const std::vector<double>& scalars, double g,
                 const std::vector<double*>& v) {
  const double decay = call.attrs.Float("decay");
  *v[1] = decay * *v[1] + (1 - decay) * g * g;
  *v[0] -= scalars[0] * g / (std::sqrt(*v[1]) + call.attrs.Float("epsilon"));
}
const OpCaseRegistration kRmsProp(
    BothOps({.op = "ApplyRmsProp",
             .variables = 2,
             .rule = MoveRmsProp,
             .settings = {{{}, {0.1}}, {{{"decay", 0.5}, {"epsilon", 0.1}}, {0.1}}}}));

// D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015; decay as in AdamW.
void MoveAdam(const OpCall& call, const std::vector<double>& scalars, double g,
              const std::vector<double*>& v) {
  const double beta1 = call.attrs.Float("beta1"), beta2 = call.attrs.Float("beta2");
  const double rate = scalars[0], step = scalars[1];
  *v[1] = beta1 * *v[1] + (1 - beta1) * g;
  *v[2] = beta2 * *v[2] + (1 - beta2) * g * g;
  const double m_hat = *v[1] / (1 - std::pow(beta1, step));
  const double s_hat = *v[2] / (1 - std::pow(beta2, step));
  *v[0] -= rate * call.attrs.Float("weight_decay") * *v[0] +
           rate * m_hat / (std::sqrt(s_hat) + call.attrs.Float("epsilon"));
}
const OpCaseRegistration kAdam(BothOps({.op = "ApplyAdam",
                                        .variables = 3,
                                        .rule = MoveAdam,
                                        .settings = {{{}, {0.05, 1}},
                                                     {{}, {0.05, 100}},
                                                     {{{"weight_decay", 0.1}, {"beta1", 0.5}},
                                                      {0.05, 3}}},
                                        // 1 - 0.999 in float has but ten bits.
                                        .tolerance = 4096}));

const OpCaseRegistration kCombineRows({
    .op = "CombineRows",
    .oracle =
        [](const OpCall& call) {
          Array rows = call[0], sums(call[1].shape);
          const size_t n = rows.values.size();
          const size_t width = n == 0 ? 0 : sums.values.size() / n;
          for (size_t i = 0; i < n; ++i) {
            size_t owner = 0;
            while (call[0].values[owner] != call[0].values[i]) ++owner;
            if (owner < i) rows.values[i] = -1;
            for (size_t j = 0; j < width; ++j) {
              sums.values[owner * width + j] += call[1].values[i * width + j];
            }
          }
          return std::vector<Array>{rows, sums};
        },
    .cases = {{"repeated", {Given({6}, {3, 0, 3, 4, 3, 0}), Uniform({6, 17}), GivenShape({5, 17})}},
              {"numbers", {Given({3}, {8, 8, 8}), Uniform({3}), GivenShape({9})}},
              {"blocks", {Given({2}, {1, 1}), Uniform({2, 3, 2}), GivenShape({2, 3, 2})}},
              {"one", {Given({1}, {0}), Uniform({1}), GivenShape({1})}},
              {"none", {Uniform({0}), Uniform({0, 3}), GivenShape({5, 3})}},
              {"no width", {Given({2}, {1, 1}), Uniform({2, 0}), GivenShape({5, 0})}}},
    .bad = {{"outside",
             {Given({2}, {0, 5}), Uniform({2, 3}), GivenShape({5, 3})},
             "index 5 at position 1 is outside [0, 5)"},
            {"negative", {Given({1}, {-1}), Uniform({1, 3}), GivenShape({5, 3})}, "index -1"},
            {"width", {Given({1}, {1}), Uniform({1, 3}), GivenShape({5, 4})}, "values"},
            {"count", {Given({2}, {1, 2}), Uniform({1, 3}), GivenShape({5, 3})}, "values"},
            {"scalar", {Given({1}, {1}), Uniform({1}), GivenShape({})}, "no rows"}},
});

}  // namespace
}  // namespace viv
