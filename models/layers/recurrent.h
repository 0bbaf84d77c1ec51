// Stacks of LSTM layers.
#ifndef VIV_MODELS_LAYERS_RECURRENT_H_
#define VIV_MODELS_LAYERS_RECURRENT_H_

#include <string>
#include <vector>

#include "core/ops/rnn.h"
#include "core/ops/state.h"

namespace viv {

// The variables of one layer, "<name>/{input,recurrent,bias}", uniform in +-1/sqrt(hidden); the
// forget gates begin open (bias 1).
LstmWeights MakeLstmWeights(BuilderRef b, const std::string& name, int64_t inputs, int64_t hidden);

// Layers that each read the sequence in both directions; a layer reads what both directions of the
// one below gave, side by side.
class BidirectionalLstm {
 public:
  BidirectionalLstm() = default;
  // `hidden` units in each direction.
  BidirectionalLstm(BuilderRef b, const std::string& name, int64_t inputs, int64_t hidden,
                    int layers);

  struct Result {
    Output outputs;  // [T, B, 2 * hidden]
    Output last;     // [B, 2 * hidden]: both directions' last states of the uppermost layer
  };
  // x: [T, B, inputs]; lengths: [B]. `dropout` falls between the layers.
  Result Apply(BuilderRef b, Output x, Output lengths, float dropout) const;

 private:
  std::vector<LstmWeights> forward_, backward_;
};

// Layers one above the other, with a state that can be carried on.
class StackedLstm {
 public:
  StackedLstm() = default;
  StackedLstm(BuilderRef b, const std::string& name, int64_t inputs, int64_t hidden, int layers);

  int layers() const { return static_cast<int>(weights_.size()); }
  // x: [T, B, inputs] -> [T, B, hidden]. `initial`: one state for each layer. `lengths` may be
  // invalid. `dropout` falls between the layers.
  Output Apply(BuilderRef b, Output x, Output lengths, const std::vector<LstmState>& initial,
               float dropout) const;
  // One step of all layers: x: [B, inputs]; the new states, lowest layer first.
  std::vector<LstmState> Step(BuilderRef b, Output x, const std::vector<LstmState>& state) const;

  // The same for loops in which the first columns of x are known before: Project() multiplies them
  // for all steps together, [T, B, n] -> [T, B, 4 hidden], and a step gets a row of that, the other
  // columns of x and the weights that JoinWeights() made for both, outside of the loop.
  Output Project(BuilderRef b, Output x, int64_t n) const;
  Output JoinWeights(BuilderRef b, int64_t n) const;
  std::vector<LstmState> ProjectedStep(BuilderRef b, Output projected, Output rest, Output joined,
                                       const std::vector<LstmState>& state, float dropout) const;

 private:
  int64_t inputs_ = 0, hidden_ = 0;
  std::vector<LstmWeights> weights_;
};

}  // namespace viv

#endif  // VIV_MODELS_LAYERS_RECURRENT_H_
