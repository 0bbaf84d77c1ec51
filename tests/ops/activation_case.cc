// Activations and element-wise losses: builder functions.
#include <cmath>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "op_case.h"

namespace viv {
namespace {

double SigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }
double HardSigmoidOf(double x) { return std::clamp(x / 6 + 0.5, 0.0, 1.0); }
double EluOf(double x, double alpha) { return x > 0 ? x : alpha * std::expm1(x); }

OpCases Activation(const std::string& name, std::function<double(double)> f,
                   Output (*build)(BuilderRef, Output), double span = 5) {
  return {.op = name,
          .oracle = Elementwise(f),
          .build =
              [build](const GraphBuilder& b, const std::vector<Output>& in) {
                return std::vector<Output>{build(b, in[0])};
              },
          .tolerance = 16,
          .gradient = GradientKind::kTwice,
          .cases = {{"odd", {Uniform({3, 17}, -span, span)}},
                    {"one", {Given({1}, {0.5})}},
                    {"empty", {Uniform({2, 0})}}}};
}

const OpCaseRegistration kActivations({
    Activation(
        "Gelu", [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); },
        [](BuilderRef b, Output x) { return Gelu(b, x); }),
    Activation(
        "GeluByTanh",
        [](double x) {
          return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
        },
        [](BuilderRef b, Output x) { return Gelu(b, x, true); }),
    Activation(
        "Silu", [](double x) { return x * SigmoidOf(x); }, &Silu),
    Activation(
        "Mish", [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, &Mish),
    Activation(
        "LogSigmoid", [](double x) { return std::log(SigmoidOf(x)); }, &LogSigmoid),
    Activation(
        "Softsign", [](double x) { return x / (1 + std::abs(x)); }, &Softsign),
    Activation(
        "LeakyRelu", [](double x) { return x > 0 ? x : 0.01 * x; },
        [](BuilderRef b, Output x) { return LeakyRelu(b, x); }),
    Activation(
        "Elu", [](double x) { return EluOf(x, 0.7); },
        [](BuilderRef b, Output x) { return Elu(b, x, 0.7); }),
    Activation(
        "Selu", [](double x) { return 1.0507009873554805 * EluOf(x, 1.6732632423543772); }, &Selu),
    Activation(
        "Relu6", [](double x) { return std::clamp(x, 0.0, 6.0); }, &Relu6, 9),
    Activation(
        "HardTanh", [](double x) { return std::clamp(x, -1.0, 1.0); }, &HardTanh),
    Activation("HardSigmoid", &HardSigmoidOf, &HardSigmoid),
    Activation(
        "HardSwish", [](double x) { return x * HardSigmoidOf(x); }, &HardSwish),
});

// Where e^x and e^-x are no numbers any more, the values and gradients are.
const OpCaseRegistration kFarOut({
    .op = "ActivationsFarOut",
    .oracle =
        [](const OpCall& call) {
          std::vector<Array> y(6, call[0]);
          for (size_t i = 0; i < call[0].values.size(); ++i) {
            const double x = call[0].values[i], positive = std::max(x, 0.0);
            y[0].values[i] = y[1].values[i] = y[2].values[i] = positive;
            y[3].values[i] = x > 0 ? x : -1;
            y[4].values[i] = std::min(x, 0.0);
            // Cross entropy against 1.
            y[5].values[i] = -std::min(x, 0.0);
          }
          return y;
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          const Output x = in[0];
          return std::vector<Output>{Gelu(b, x),       Gelu(b, x, true),
                                     Silu(b, x),       Elu(b, x, 1),
                                     LogSigmoid(b, x), SigmoidCrossEntropy(b, x, OnesLike(b, x))};
        },
    .cases = {{"both sides", {Given({4}, {-2000, -900, 900, 2000})}}},
});

const OpCaseRegistration kLosses({
    {.op = "SigmoidCrossEntropy",
     .oracle = Elementwise([](double z, double t) {
       return -t * std::log(SigmoidOf(z)) - (1 - t) * std::log(1 - SigmoidOf(z));
     }),
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{SigmoidCrossEntropy(b, in[0], in[1])};
         },
     .tolerance = 16,
     .gradient = GradientKind::kTwice,
     .cases = {{"odd", {Uniform({3, 17}, -5, 5), Uniform({3, 17}, 0, 1)}},
               {"zero", {Given({2}, {0, 0}), Given({2}, {0, 1})}},
               {"empty", {Uniform({0}), Uniform({0})}}},
     .bad = {{"shapes", {Uniform({2}), Uniform({3})}, "cannot be broadcast"}}},
    {.op = "Huber",
     .oracle = Elementwise([](double p, double t) {
       const double d = std::abs(p - t);
       return d < 1.5 ? d * d / 2 : 1.5 * (d - 0.75);
     }),
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{Huber(b, in[0], in[1], 1.5)};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"odd", {Uniform({3, 17}, -3, 3), Uniform({3, 17})}},
               {"one", {Uniform({1}), Uniform({})}}}},
    {.op = "MaskedMean",
     .oracle =
         [](const OpCall& call) {
           double sum = 0, count = 0;
           ForEachIndex(call[0].shape, [&](absl::Span<const int64_t> i) {
             if (BroadcastAt(call[1], i) == 0) return;
             sum += call[0](i);
             count += 1;
           });
           return std::vector<Array>{Array(Shape(), sum / std::max(count, 1.0))};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{MaskedMean(b, in[0], in[1])};
         },
     .gradient_inputs = {0},
     .cases = {{"odd", {Uniform({3, 5}), OpInput{.shape = {3, 5}, .type = kBool}}},
               {"rows", {Uniform({3, 17}), Given({3, 1}, {1, 0, 1}, kBool)}},
               {"none", {Uniform({2}), Given({2}, {0, 0}, kBool)}},
               {"empty", {Uniform({0}), OpInput{.shape = {0}, .type = kBool}}}},
     .bad = {{"mask", {Uniform({2}), Given({3}, {1, 1, 1}, kBool)}, "broadcast"}}},
    {.op = "L2Normalize",
     .oracle =
         [](const OpCall& call) {
           Array y = call[0];
           const int64_t n = y.dim(1);
           for (int64_t r = 0; r < y.dim(0); ++r) {
             double squares = 0;
             for (int64_t j = 0; j < n; ++j) squares += y({r, j}) * y({r, j});
             for (int64_t j = 0; j < n; ++j) y({r, j}) /= std::sqrt(std::max(squares, 1e-12));
           }
           return std::vector<Array>{y};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{L2Normalize(b, in[0], {1})};
         },
     .tolerance = 16,
     .gradient = GradientKind::kTwice,
     .cases = {{"odd", {Uniform({3, 17})}}, {"one", {Uniform({1, 1})}}}},
});

}  // namespace
}  // namespace viv
