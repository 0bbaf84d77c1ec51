// Builder functions of recurrent layers over padded sequences, time outermost, and of their steps.
#ifndef VIV_CORE_OPS_RNN_H_
#define VIV_CORE_OPS_RNN_H_

#include "core/graph/builder.h"

namespace viv {

// Long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates). The gates lie in the
// order input, forget, candidate, output:
//   [i f g o] = x Wx + h Wh + bias;  c' = sigmoid(f) c + sigmoid(i) tanh(g)
//   h' = sigmoid(o) tanh(c')
struct LstmWeights {
  Output input;      // Wx [I, 4H]
  Output recurrent;  // Wh [H, 4H]
  Output bias;       // [4H]
};
struct LstmState {
  Output h, c;  // [B, H]
};
struct LstmOptions {
  // Reads each sequence from its last valid element to its first.
  bool reverse = false;
};
struct LstmResult {
  Output outputs;  // [T, B, H]
  LstmState last;
};

// One layer over x: [T, B, I]. `lengths`: [B], int32 in [0, T], or invalid where every sequence has
// length T. Past an example's length its outputs are 0 and its state is carried unchanged. Parts of
// `initial` that are invalid are zeros.
LstmResult Lstm(BuilderRef b, Output x, Output lengths, LstmState initial, const LstmWeights& w,
                LstmOptions options = {});

// One step. x: [B, I].
LstmState LstmCell(BuilderRef b, Output x, LstmState state, const LstmWeights& w);

// Zeros [B, columns] of x's type, where B is extent `batch_axis` of x.
Output ZeroRows(BuilderRef b, Output x, int batch_axis, int64_t columns);

}  // namespace viv

#endif  // VIV_CORE_OPS_RNN_H_
