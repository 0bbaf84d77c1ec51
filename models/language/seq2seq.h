// A recurrent sequence-to-sequence net: a bidirectional LSTM encoder, an LSTM decoder with
// attention over the encoder's states, one embedding table for source, target and output.
//
// Sutskever et al. 2014 (encoder-decoder, reversed source), Bahdanau et al. 2015 (attention), Luong
// et al. 2015 (general scores, the tanh combination, input feeding), Press and Wolf 2017 (tied
// embeddings); over photos Vinyals et al. 2015 and, with attention, Xu et al. 2015.
#ifndef VIV_MODELS_LANGUAGE_SEQ2SEQ_H_
#define VIV_MODELS_LANGUAGE_SEQ2SEQ_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/language/translation_net.h"
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
  // Above 0, a source is so many features at each of its places: of those the encoder makes
  // 2 encoder_hidden with one layer, and their mean begins the decoder.
  int64_t source_features = 0;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  // See options_json.h.
  std::string ToJson() const;
  static absl::StatusOr<Seq2SeqOptions> FromJson(const std::string& json);
};

// The variables of a net in a graph, and the parts of the net over them.
class Seq2Seq : public TranslationNet {
 public:
  // Makes the variables. The options are checked.
  Seq2Seq(BuilderRef b, const Seq2SeqOptions& options);

  const Seq2SeqOptions& options() const { return options_; }

  // Memory: "keys" and "values" of the attention, if there is one. States: h and c of each layer
  // ("h0", "c0", "h1", ...), and "mixed" for input feeding.
  NetEnds ends() const override { return EndsOf(options_); }
  static NetEnds EndsOf(const Seq2SeqOptions& options);
  EncodedSource Encode(BuilderRef b, Output source, Output lengths,
                       float dropout = 0) const override;
  DecoderStep Step(BuilderRef b, const EncodedSource& source, Output tokens,
                   const std::vector<Output>& states) const override;

 private:
  std::vector<LstmState> InitialStates(BuilderRef b, const EncodedSource& source) const;
  Output Mix(BuilderRef b, const EncodedSource& source, Output words, float dropout) const override;
  Output MixStepByStep(BuilderRef b, const EncodedSource& source, Output words,
                       float dropout) const;
  // The same of one step: h: [B, hidden]. The weights of attention go to `attention`.
  Output MixOne(BuilderRef b, const EncodedSource& source, Output h, Output* attention) const;

  Seq2SeqOptions options_;
  BidirectionalLstm encoder_;
  StackedLstm decoder_;
  Linear features_, bridge_, key_, combine_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_SEQ2SEQ_H_
