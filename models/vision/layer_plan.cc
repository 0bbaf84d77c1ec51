// Variables and graphs of planned nets.
#include "models/vision/layer_plan.h"

#include <utility>

#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

using Kind = LayerPlan::Kind;

LayerPlan Pool(Kind kind, int64_t window, int64_t stride, WindowPadding padding) {
  return {.kind = kind,
          .window = {window, window},
          .strides = {stride, stride},
          .padding = std::move(padding)};
}

}  // namespace

LayerPlan Convolve(std::string name, int64_t channels, std::vector<int64_t> window, int64_t stride,
                   WindowPadding padding) {
  return {.kind = Kind::kConvolution,
          .name = std::move(name),
          .channels = channels,
          .window = std::move(window),
          .strides = {stride, stride},
          .padding = std::move(padding)};
}

LayerPlan MaxPool(int64_t window, int64_t stride, WindowPadding padding) {
  return Pool(Kind::kMaxPool, window, stride, std::move(padding));
}

LayerPlan AvgPool(int64_t window, int64_t stride, WindowPadding padding) {
  return Pool(Kind::kAvgPool, window, stride, std::move(padding));
}

LayerPlan ResponseNorm() { return {.kind = Kind::kResponseNorm}; }

LayerPlan Sequence(std::string name, std::vector<LayerPlan> parts) {
  return {.kind = Kind::kSequence, .name = std::move(name), .parts = std::move(parts)};
}

LayerPlan Branches(std::string name, std::vector<LayerPlan> parts) {
  return {.kind = Kind::kBranches, .name = std::move(name), .parts = std::move(parts)};
}

PlannedLayer::PlannedLayer(BuilderRef b, const LayerPlan& plan, int64_t inputs,
                           const ConvolutionStyle& style)
    : plan_(plan), channels_(inputs), normalized_(style.normalized) {
  plan_.parts.clear();
  if (plan.kind == Kind::kConvolution) {
    const ConvolutionOptions options = {plan.window,
                                        {.strides = plan.strides, .padding = plan.padding}};
    channels_ = plan.channels;
    if (normalized_) {
      normal_ = NormalizedConvolution(b, plan.name, inputs, channels_, options, style.norm);
    } else {
      plain_ = Convolution(b, plan.name, inputs, channels_, options);
    }
  }
  const GraphBuilder scope = b.Scope(plan.name);
  int64_t joined = 0;
  for (const LayerPlan& part : plan.parts) {
    const bool behind = plan.kind == Kind::kSequence;
    parts_.emplace_back(scope, part, behind ? channels_ : inputs, style);
    joined += parts_.back().channels();
    channels_ = behind ? parts_.back().channels() : joined;
  }
}

Output PlannedLayer::Apply(BuilderRef ref, Output x, std::vector<Output>* updates) const {
  const GraphBuilder b = plan_.name.empty() ? ref.builder().At(ref.site()) : ref.Scope(plan_.name);
  const Pool2DOptions pool = {plan_.window, plan_.strides, plan_.padding};
  switch (plan_.kind) {
    case Kind::kConvolution:
      return normalized_ ? normal_.Apply(b, x, updates) : Relu(b, plain_.Apply(b, x));
    case Kind::kMaxPool:
      return MaxPool2D(b, x, pool);
    case Kind::kAvgPool:
      return AvgPool2D(b, x, pool);
    case Kind::kResponseNorm:
      return LocalResponseNorm(b, x);
    case Kind::kSequence:
      for (const PlannedLayer& part : parts_) x = part.Apply(b, x, updates);
      return x;
    case Kind::kBranches: {
      std::vector<Output> results;
      for (const PlannedLayer& part : parts_) results.push_back(part.Apply(b, x, updates));
      return Concat(b, results, 3);
    }
  }
  return {};
}

}  // namespace viv
