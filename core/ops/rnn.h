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
// The same from the products x Wx and h Wh [B, 4H], or any two parts of their sum.
LstmState LstmCellOfProducts(BuilderRef b, Output first, Output second, Output bias, Output c);

// Two layers that read the sequences in both directions.
struct BiLstmResult {
  Output outputs;  // [T, B, H forward + H backward]
  LstmState forward, backward;
};
BiLstmResult BiLstm(BuilderRef b, Output x, Output lengths, const LstmWeights& forward,
                    const LstmWeights& backward);

// Gated recurrent units (Cho et al. 2014) in the form of cuDNN and PyTorch, where r scales the
// candidate's recurrent product. Columns in the order r, z, n; the bias has a fourth part q:
//   r = sigmoid(x Wr + h Ur + bias_r);  z = sigmoid(x Wz + h Uz + bias_z)
//   n = tanh(x Wn + bias_n + r (h Un + bias_q));  h' = (1 - z) n + z h
struct GruWeights {
  Output input;      // [I, 3H]
  Output recurrent;  // [H, 3H]
  Output bias;       // [4H]
};
struct GruOptions {
  // Reads each sequence from its last valid element to its first.
  bool reverse = false;
};
struct GruResult {
  Output outputs;  // [T, B, H]
  Output last;     // [B, H]
};
// As Lstm and LstmCell.
GruResult Gru(BuilderRef b, Output x, Output lengths, Output initial, const GruWeights& w,
              GruOptions options = {});
Output GruCell(BuilderRef b, Output x, Output h, const GruWeights& w);

// Attention of queries [T, B, D] over a padded memory: keys [S, B, D], values [S, B, V]. For each
// example the weights are the softmax of the products of a query with the keys, over the first
// lengths[b] positions (int32 in [0, S]; an invalid `lengths`: all S) and 0 elsewhere; the context
// is the sum of the values so weighted. An example of length 0 has context 0. To scale the scores,
// scale the queries. In one step, T = 1, queries [1, B * n, D] are those of n rows for each example,
// one after the other, that share its memory.
struct AttentionResult {
  Output context;  // [T, B, V]
  Output weights;  // [T, B, S]
};
struct AttentionOptions {
  // Query t sees the positions up to t, for sequences that attend to themselves.
  bool causal = false;
};
AttentionResult Attention(BuilderRef b, Output queries, Output keys, Output values, Output lengths,
                          AttentionOptions options = {});

// Zeros [B, columns] of x's type, where B is extent `batch_axis` of x.
Output ZeroRows(BuilderRef b, Output x, int batch_axis, int64_t columns);

}  // namespace viv

#endif  // VIV_CORE_OPS_RNN_H_
