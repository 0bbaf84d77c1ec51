// Stacks of LSTM layers: variables and wiring.
#include "models/layers/recurrent.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/array.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"

namespace viv {
namespace {

// Biases of the four gates: 0, but 1 at the forget gate (Jozefowicz et al. 2015).
Output InitialBias(BuilderRef b, int64_t hidden) {
  std::vector<float> values(4 * hidden, 0.0f);
  std::fill(values.begin() + hidden, values.begin() + 2 * hidden, 1.0f);
  return Const(b, Tensor::Vector<float>(values));
}

Output BetweenLayers(BuilderRef b, Output x, float dropout) {
  return dropout > 0 ? Dropout(b, x, dropout, {}, /*batch_axis=*/1) : x;
}

}  // namespace

LstmWeights MakeLstmWeights(BuilderRef b, const std::string& name, int64_t inputs, int64_t hidden) {
  const GraphBuilder scope = b.Scope(name);
  const float limit = 1 / std::sqrt(static_cast<float>(hidden));
  const Variable input(scope, "input", RandomUniform(scope, {inputs, 4 * hidden}, -limit, limit));
  const Variable recurrent(scope, "recurrent",
                           RandomUniform(scope, {hidden, 4 * hidden}, -limit, limit));
  const Variable bias(scope, "bias", InitialBias(scope, hidden));
  return {input.Read(), recurrent.Read(), bias.Read()};
}

BidirectionalLstm::BidirectionalLstm(BuilderRef b, const std::string& name, int64_t inputs,
                                     int64_t hidden, int layers) {
  for (int i = 0; i < layers; ++i) {
    const int64_t width = i == 0 ? inputs : 2 * hidden;
    forward_.push_back(MakeLstmWeights(b, absl::StrCat(name, "/", i, "/forward"), width, hidden));
    backward_.push_back(MakeLstmWeights(b, absl::StrCat(name, "/", i, "/backward"), width, hidden));
  }
}

BidirectionalLstm::Result BidirectionalLstm::Apply(BuilderRef b, Output x, Output lengths,
                                                   float dropout) const {
  Result result;
  for (size_t i = 0; i < forward_.size(); ++i) {
    if (i > 0) x = BetweenLayers(b, x, dropout);
    const LstmResult ahead = Lstm(b, x, lengths, {}, forward_[i]);
    const LstmResult back = Lstm(b, x, lengths, {}, backward_[i], {.reverse = true});
    x = Concat(b, {ahead.outputs, back.outputs}, 2);
    result = {x, Concat(b, {ahead.last.h, back.last.h}, 1)};
  }
  return result;
}

StackedLstm::StackedLstm(BuilderRef b, const std::string& name, int64_t inputs, int64_t hidden,
                         int layers) {
  for (int i = 0; i < layers; ++i) {
    weights_.push_back(
        MakeLstmWeights(b, absl::StrCat(name, "/", i), i == 0 ? inputs : hidden, hidden));
  }
}

Output StackedLstm::Apply(BuilderRef b, Output x, Output lengths,
                          const std::vector<LstmState>& initial, float dropout) const {
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (i > 0) x = BetweenLayers(b, x, dropout);
    x = Lstm(b, x, lengths, initial[i], weights_[i]).outputs;
  }
  return x;
}

std::vector<LstmState> StackedLstm::Step(BuilderRef b, Output x,
                                         const std::vector<LstmState>& state) const {
  std::vector<LstmState> next;
  for (size_t i = 0; i < weights_.size(); ++i) {
    next.push_back(LstmCell(b, x, state[i], weights_[i]));
    x = next.back().h;
  }
  return next;
}

}  // namespace viv
