// Stacks of LSTM layers: variables and wiring.
#include "models/layers/recurrent.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "models/layers/linear.h"

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
                         int layers)
    : inputs_(inputs), hidden_(hidden) {
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

Output StackedLstm::Project(BuilderRef b, Output x, int64_t n) const {
  const Output rows = SliceAxis(b, weights_[0].input, 0, 0, n);
  return UnflattenTime(b, MatMul(b, FlattenTime(b, x, n), rows), x, 4 * hidden_);
}

Output StackedLstm::JoinWeights(BuilderRef b, int64_t n) const {
  return Concat(b, {SliceAxis(b, weights_[0].input, 0, n, inputs_), weights_[0].recurrent}, 0);
}

std::vector<LstmState> StackedLstm::ProjectedStep(BuilderRef b, Output projected, Output rest,
                                                  Output joined,
                                                  const std::vector<LstmState>& state,
                                                  float dropout) const {
  const Output product = MatMul(b, Concat(b, {rest, state[0].h}, 1), joined);
  std::vector<LstmState> next = {
      LstmCellOfProducts(b, projected, product, weights_[0].bias, state[0].c)};
  for (size_t i = 1; i < weights_.size(); ++i) {
    Output x = next.back().h;
    if (dropout > 0) x = Dropout(b, x, dropout, {}, /*batch_axis=*/0);
    next.push_back(LstmCell(b, x, state[i], weights_[i]));
  }
  return next;
}

}  // namespace viv
