// The parts of a Transformer (Vaswani et al. 2017), over sequences [T, B, width], time outermost.
#ifndef VIV_MODELS_LAYERS_ATTENTION_H_
#define VIV_MODELS_LAYERS_ATTENTION_H_

#include <string>

#include "core/ops/rnn.h"
#include "models/layers/linear.h"

namespace viv {

// Attention of several heads, each over its own `width` / `heads` columns of the projected queries,
// keys and values.
class MultiHeadAttention {
 public:
  MultiHeadAttention() = default;
  // Linear layers "<name>/{query,key,value,output}". `heads` divides `width`.
  MultiHeadAttention(BuilderRef b, const std::string& name, int64_t width, int64_t heads);

  struct Memory {
    Output keys, values;  // [S, B, width]
  };
  // Of what is attended to: x: [S, B, width].
  Memory Remember(BuilderRef b, Output x) const;

  // queries: [T, B, width]; lengths: of the memory, [B], int32, or invalid.
  Output Apply(BuilderRef b, Output queries, const Memory& memory, Output lengths,
               AttentionOptions options = {}) const;

  struct StepResult {
    Output outputs;  // [1, B * n, width]
    Output weights;  // [B * n, S], the mean of the heads'
  };
  // One step, of queries [1, B * n, width]: n rows for each example of the memory, one after the
  // other, for which it is read once.
  StepResult ApplyStep(BuilderRef b, Output queries, const Memory& memory, Output lengths) const;

 private:
  Output Scaled(BuilderRef b, Output queries) const;
  // lengths [B] of each example for each of its heads, [B * heads]; invalid ones stay so.
  Output LengthsOfHeads(BuilderRef b, Output lengths) const;
  // [T, B, width] as [T, B * heads, width / heads]: no element moves.
  Output Split(BuilderRef b, Output x) const;

  int64_t width_ = 0, heads_ = 1;
  Linear query_, key_, value_, output_;
};

// Two linear layers, "<name>/{inner,outer}", with a Relu between them.
class FeedForward {
 public:
  FeedForward() = default;
  FeedForward(BuilderRef b, const std::string& name, int64_t width, int64_t hidden);
  Output Apply(BuilderRef b, Output x) const;

 private:
  Linear inner_, outer_;
};

// Layer normalisation with its variables, "<name>/{scale,bias}".
class Normalization {
 public:
  Normalization() = default;
  Normalization(BuilderRef b, const std::string& name, int64_t width);
  Output Apply(BuilderRef b, Output x) const;

 private:
  Variable scale_, bias_;
};

// Sines and cosines for the positions first, ..., first + count - 1 (int64 scalars): [count, 1,
// width]. Wavelengths rise from 2 pi to 10,000 times that; the sines come first. `width` is even.
Output SinusoidalPositions(BuilderRef b, Output first, Output count, int64_t width);

}  // namespace viv

#endif  // VIV_MODELS_LAYERS_ATTENTION_H_
