// A Transformer (Vaswani et al. 2017) in the form whose layers normalise what they read (Xiong et
// al. 2020: it trains without a long warm-up), with sinusoidal positions and one embedding table
// for source, target and output.
#ifndef VIV_MODELS_LANGUAGE_TRANSFORMER_H_
#define VIV_MODELS_LANGUAGE_TRANSFORMER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/language/translation_net.h"
#include "models/layers/attention.h"

namespace viv {

struct TransformerOptions {
  int64_t vocab_size = 6000;
  int64_t width = 256;
  // Of attention; divides the width.
  int64_t heads = 4;
  // Width of the layers between two attentions.
  int64_t feed_forward = 512;
  int encoder_layers = 3;
  int decoder_layers = 3;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  // See options_json.h.
  std::string ToJson() const;
  static absl::StatusOr<TransformerOptions> FromJson(const std::string& json);
};

class Transformer : public TranslationNet {
 public:
  // Makes the variables. The options are checked.
  Transformer(BuilderRef b, const TransformerOptions& options);

  // For each layer i of the decoder the memory of its attention to the source, "source_keys<i>" and
  // "source_values<i>", and as states that of its attention to the target, "keys<i>" and
  // "values<i>". What a step attends to is what its last layer does, its heads averaged.
  NetEnds ends() const override { return EndsOf(options_); }
  static NetEnds EndsOf(const TransformerOptions& options);
  EncodedSource Encode(BuilderRef b, Output source, Output lengths,
                       float dropout = 0) const override;
  DecoderStep Step(BuilderRef b, const EncodedSource& source, Output tokens,
                   const std::vector<Output>& states) const override;

 private:
  // A layer; of the encoder without attention to the source.
  struct Layer {
    Normalization self_norm, source_norm, feed_norm;
    MultiHeadAttention self, source;
    FeedForward feed;
  };
  Layer MakeLayer(BuilderRef b, const std::string& name, bool decoder) const;
  // A part of a layer, added to the x that it reads: [T, B, width].
  Output FeedForwardBlock(BuilderRef b, const Layer& layer, Output x, float dropout) const;

  Output Mix(BuilderRef b, const EncodedSource& source, Output words, float dropout) const override;

  TransformerOptions options_;
  std::vector<Layer> encoder_, decoder_;
  Normalization encoder_norm_, decoder_norm_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSFORMER_H_
