// Convolutions and batch norm: variables and wiring.
#include "models/layers/convolution.h"

#include <cmath>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/optimizer.h"
#include "core/ops/random.h"

namespace viv {
namespace {

Output Vector(BuilderRef b, int64_t size, float value) {
  return Fill(b, Const(b, Tensor::Vector<int64_t>({size})), Const(b, value));
}

}  // namespace

Convolution::Convolution(BuilderRef b, const std::string& name, int64_t inputs, int64_t outputs,
                         const ConvolutionOptions& options, bool bias)
    : options_(options) {
  const GraphBuilder scope = b.Scope(name);
  const int64_t depth = inputs / options.conv.groups;
  const std::vector<int64_t>& window = options.window;
  const float deviation = std::sqrt(2.0f / static_cast<float>(window[0] * window[1] * depth));
  filter_ = Variable(scope, "filter",
                     RandomNormal(scope, {window[0], window[1], depth, outputs}, deviation));
  if (bias) bias_ = Variable(scope, "bias", Vector(scope, outputs, 0));
}

Output Convolution::Apply(BuilderRef b, Output x) const {
  const Output y = Conv2D(b, x, filter_.Read(), options_.conv);
  return bias_.handle().valid() ? Add(b, y, bias_.Read()) : y;
}

BatchNormalization::BatchNormalization(BuilderRef b, const std::string& name, int64_t channels,
                                       const BatchNormalizationOptions& options)
    : options_(options) {
  const GraphBuilder scope = b.Scope(name);
  const Output ones = Vector(scope, channels, 1), zeros = Vector(scope, channels, 0);
  scale_ = options.scale ? Variable(scope, "scale", ones).Read() : ones;
  offset_ = Variable(scope, "offset", zeros);
  mean_ = Variable(scope, "mean", zeros, {.trainable = false});
  variance_ = Variable(scope, "variance", ones, {.trainable = false});
}

Output BatchNormalization::Apply(BuilderRef b, Output x, std::vector<Output>* updates) const {
  const BatchNormOptions options = {.epsilon = options_.epsilon, .relu = options_.relu};
  if (updates == nullptr) {
    return BatchNormInference(b, x, scale_, offset_.Read(), mean_.Read(), variance_.Read(),
                              options);
  }
  const BatchNormResult result = BatchNorm(b, x, scale_, offset_.Read(), options);
  const Output share = Const(b, 1 - options_.momentum);
  const auto move = [&](const Variable& running, Output of_batch) {
    updates->push_back(ApplySgd(b, running, Sub(b, running.Read(), of_batch), share));
  };
  move(mean_, result.mean);
  move(variance_, result.variance);
  return result.y;
}

NormalizedConvolution::NormalizedConvolution(BuilderRef b, const std::string& name, int64_t inputs,
                                             int64_t outputs, const ConvolutionOptions& options,
                                             BatchNormalizationOptions norm)
    : convolution_(b, name, inputs, outputs, options, /*bias=*/false) {
  norm.relu = true;
  norm_ = BatchNormalization(b, name, outputs, norm);
}

Output NormalizedConvolution::Apply(BuilderRef b, Output x, std::vector<Output>* updates) const {
  return norm_.Apply(b, convolution_.Apply(b, x), updates);
}

OptimizerStep WithUpdates(BuilderRef b, OptimizerStep step, const std::vector<Output>& updates) {
  for (Output* target : {&step.update, &step.accumulate}) {
    if (!target->valid()) continue;
    std::vector<Output> targets = updates;
    targets.push_back(*target);
    *target = Group(b, targets);
  }
  return step;
}

}  // namespace viv
