// Sequence to sequence: a bidirectional LSTM encoder, an LSTM decoder with attention over the
// encoder's states, one embedding table for source, target and output.
//
// Sutskever et al. 2014 (encoder-decoder, reversed source), Bahdanau et al. 2015 (attention), Luong
// et al. 2015 (general scores, the tanh combination, input feeding), Press and Wolf 2017 (tied
// embeddings).
#ifndef VIV_MODELS_LANGUAGE_SEQ2SEQ_H_
#define VIV_MODELS_LANGUAGE_SEQ2SEQ_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/layers/linear.h"
#include "models/layers/recurrent.h"

namespace viv {

struct Seq2SeqOptions {
  int64_t vocab_size = 6000;
  int64_t embed = 256;
  // Units of the encoder in each direction, and of the decoder.
  int64_t encoder_hidden = 256;
  int64_t hidden = 512;
  int encoder_layers = 1;
  int decoder_layers = 1;
  // Without attention the decoder knows of the source what the encoder's last state tells.
  bool attention = true;
  // The encoder reads the source's last word first (for nets without attention).
  bool reverse_source = false;
  // The decoder also reads, beside a word, what the output was computed from in the step before, so
  // that it knows what was attended to. Training then goes step by step.
  bool input_feeding = false;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  // One JSON object, and back. Unknown keys are errors, and missing ones, but for keys that are
  // younger than the format: they are written only where they differ from their default, which says
  // what nets did before (so a net that does not use them is read by older programs, too).
  std::string ToJson() const;
  static absl::StatusOr<Seq2SeqOptions> FromJson(const std::string& json);
};

// What the decoder knows of a batch of sources. [S, B, ...]: time outermost.
struct EncodedSource {
  Output keys;     // [S, B, hidden]; invalid without attention, as are values
  Output values;   // [S, B, 2 * encoder_hidden]
  Output lengths;  // [B], int32
  Output initial;  // [B, decoder_layers * hidden]: the decoder's first h; its first c is 0
};

// What the decoder hands from word to word.
struct DecoderState {
  std::vector<LstmState> layers;  // one for each layer of the decoder
  Output mixed;                   // [B, embed], for input feeding; at first 0
};

struct DecoderStep {
  Output log_probs;  // [B, vocab_size]
  Output attention;  // [B, S]; invalid without attention
  DecoderState next;
};

struct Seq2SeqLossOptions {
  float dropout = 0;
  float label_smoothing = 0;
  // Padding in target_out, which costs nothing.
  int64_t pad = 3;
};

// The variables of a net in a graph, and the parts of the net over them.
class Seq2Seq {
 public:
  // Makes the variables. The options are checked.
  Seq2Seq(BuilderRef b, const Seq2SeqOptions& options);

  const Seq2SeqOptions& options() const { return options_; }

  // source: [S, B], int32, padded at the end; lengths: [B], int32. `dropout` 0: inference.
  EncodedSource Encode(BuilderRef b, Output source, Output lengths, float dropout = 0) const;
  // The mean cross entropy of a word, a scalar. target_in: [T, B], begins with the start token;
  // target_out: [T, B], what comes next, padded with options.pad; target_lengths: [B], int32.
  Output Loss(BuilderRef b, const EncodedSource& source, Output target_in, Output target_out,
              Output target_lengths, const Seq2SeqLossOptions& options) const;
  // One word further: tokens: [B], int32.
  DecoderStep Step(BuilderRef b, const EncodedSource& source, Output tokens,
                   const DecoderState& state) const;

 private:
  Output Embed(BuilderRef b, Output tokens) const;
  // [N, embed] -> [N, vocab_size].
  Output Logits(BuilderRef b, Output mixed) const;
  std::vector<LstmState> InitialStates(BuilderRef b, const EncodedSource& source) const;
  // words: [T, B, embed] -> [T, B, embed], from which the output is computed.
  Output Mix(BuilderRef b, const EncodedSource& source, Output words, float dropout) const;
  Output MixStepByStep(BuilderRef b, const EncodedSource& source, Output words,
                       float dropout) const;
  // The same of one step: h: [B, hidden]. The weights of attention go to `attention`.
  Output MixOne(BuilderRef b, const EncodedSource& source, Output h, Output* attention) const;

  Seq2SeqOptions options_;
  Variable table_, output_bias_;
  BidirectionalLstm encoder_;
  StackedLstm decoder_;
  Linear bridge_, key_, combine_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_SEQ2SEQ_H_
