// What translation asks of a net: an encoder, a loss to train on, and one step of a decoder. The
// nets are seq2seq.h and transformer.h; net_options.h makes them. A source is a sentence, or what
// an image net saw at each place of a photo, which is translated into words as a sentence is
// (Vinyals et al. 2015).
#ifndef VIV_MODELS_LANGUAGE_TRANSLATION_NET_H_
#define VIV_MODELS_LANGUAGE_TRANSLATION_NET_H_

#include <string>
#include <vector>

#include "core/ops/state.h"

namespace viv {

// What one must know of a net to run its encoder and its decoder: what the encoder leaves for the
// decoder, and what the decoder hands from word to word, by name and in order.
struct NetEnds {
  struct Memory {
    std::string name;
    int64_t width = 0;
  };
  struct State {
    std::string name;
    int64_t width = 0;
    // [t, B, width] after t words; else [B, width].
    bool grows = false;
    // Begins with its columns of EncodedSource::initial, which has them side by side in the order
    // of these states. Others begin with 0, or empty.
    bool from_source = false;
  };
  std::vector<Memory> memory;
  std::vector<State> states;
  int64_t vocab_size = 0;
  // Above 0, a source is no pieces but so many features at each place.
  int64_t source_features = 0;
  // Whether the encoder is fed the source's last word first.
  bool reverse_source = false;
  // Whether a step also takes the memory of fewer examples than it has rows, each for as many rows
  // that follow each other: it is then read once for all of them.
  bool shares_memory = false;
};

// What the decoder knows of a batch of sources.
struct EncodedSource {
  std::vector<Output> memory;  // [S, B, width]: time outermost
  Output lengths;              // [B], int32
  Output initial;              // [B, ...]; invalid where no state begins with it
};

struct DecoderStep {
  Output log_probs;          // [B, vocabulary]
  Output attention;          // [B, S]: what was looked at in the source; invalid without attention
  std::vector<Output> next;  // the states
};

struct NetLossOptions {
  float dropout = 0;
  float label_smoothing = 0;
  // Padding in target_out, which costs nothing.
  int64_t pad = 3;
};

// The variables of a net in a graph, and the parts of the net over them. One embedding table serves
// source, target and output (Press and Wolf 2017).
class TranslationNet {
 public:
  virtual ~TranslationNet() = default;

  virtual NetEnds ends() const = 0;
  // source: [S, B], int32, padded at the end; lengths: [B], int32. Of features [S, B,
  // source_features], float, as many in each of B. `dropout` 0: inference.
  virtual EncodedSource Encode(BuilderRef b, Output source, Output lengths,
                               float dropout = 0) const = 0;
  // One word further: tokens: [B], int32. Of the source, memory and lengths are used.
  virtual DecoderStep Step(BuilderRef b, const EncodedSource& source, Output tokens,
                           const std::vector<Output>& states) const = 0;
  // The mean cross entropy of a word, a scalar. target_in: [T, B], begins with the start token;
  // target_out: [T, B], what comes next, padded with options.pad; target_lengths: [B], int32.
  Output Loss(BuilderRef b, const EncodedSource& source, Output target_in, Output target_out,
              Output target_lengths, const NetLossOptions& options) const;

 protected:
  // Makes the table and the output's bias; once, before anything else.
  void MakeTable(BuilderRef b, int64_t vocab_size, int64_t width);
  // tokens: any shape -> tokens.shape + [width].
  Output Embed(BuilderRef b, Output tokens) const;
  // [N, width] -> [N, vocabulary].
  Output Logits(BuilderRef b, Output mixed) const;
  // The whole target at once: words [T, B, width] -> [T, B, width], from which the output is
  // computed.
  virtual Output Mix(BuilderRef b, const EncodedSource& source, Output words,
                     float dropout) const = 0;
  // On [T, B, ...].
  static Output WithDropout(BuilderRef b, Output x, float rate);

 private:
  int64_t width_ = 0;
  Variable table_, output_bias_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATION_NET_H_
