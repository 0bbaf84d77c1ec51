// The wiring of the Transformer.
#include "models/language/transformer.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "models/layers/options_json.h"

namespace viv {
namespace {

constexpr auto kFields = [](auto&& o, auto&& visit) {
  visit("vocab_size", o.vocab_size);
  visit("width", o.width);
  visit("heads", o.heads);
  visit("feed_forward", o.feed_forward);
  visit("encoder_layers", o.encoder_layers);
  visit("decoder_layers", o.decoder_layers);
};
constexpr auto kYoungerFields = [](auto&&, auto&&) {};

// Words [T, B, width] with their positions, which begin at `first`.
Output AtPositions(BuilderRef b, Output words, Output first, int64_t width) {
  return Add(b, words, SinusoidalPositions(b, first, DimOf(b, words, 0), width));
}

// What layer i of the decoder attends to.
MultiHeadAttention::Memory MemoryOf(const EncodedSource& source, size_t i) {
  return {source.memory[2 * i], source.memory[2 * i + 1]};
}

}  // namespace

absl::Status TransformerOptions::Check() const {
  constexpr int64_t kMost = 1 << 16;
  RETURN_IF_ERROR(CheckBetween("the vocabulary", vocab_size, 4, 1 << 20));
  RETURN_IF_ERROR(CheckBetween("the width", width, 2, kMost));
  RETURN_IF_ERROR(CheckBetween("the number of heads", heads, 1, width));
  RETURN_IF_ERROR(CheckBetween("the width between attentions", feed_forward, 1, kMost));
  RETURN_IF_ERROR(CheckBetween("the number of encoder layers", encoder_layers, 1, 64));
  RETURN_IF_ERROR(CheckBetween("the number of decoder layers", decoder_layers, 1, 64));
  if (width % 2 == 0 && width % heads == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the width ", width, " must be a multiple of 2 and of the ", heads, " heads"));
}

std::string TransformerOptions::ToJson() const {
  return OptionsToJson(*this, kFields, kYoungerFields);
}

absl::StatusOr<TransformerOptions> TransformerOptions::FromJson(const std::string& text) {
  return OptionsFromJson<TransformerOptions>(text, kFields, kYoungerFields);
}

Transformer::Transformer(BuilderRef b, const TransformerOptions& options) : options_(options) {
  if (const absl::Status status = options.Check(); !status.ok()) {
    b.SetError(status);
    return;
  }
  MakeTable(b, options.vocab_size, options.width);
  for (int i = 0; i < options.encoder_layers; ++i) {
    encoder_.push_back(MakeLayer(b, absl::StrCat("encoder/", i), /*decoder=*/false));
  }
  encoder_norm_ = Normalization(b, "encoder/norm", options.width);
  for (int i = 0; i < options.decoder_layers; ++i) {
    decoder_.push_back(MakeLayer(b, absl::StrCat("decoder/", i), /*decoder=*/true));
  }
  decoder_norm_ = Normalization(b, "decoder/norm", options.width);
}

Transformer::Layer Transformer::MakeLayer(BuilderRef b, const std::string& name,
                                          bool decoder) const {
  const GraphBuilder scope = b.Scope(name);
  const int64_t width = options_.width, heads = options_.heads;
  Layer layer;
  layer.self_norm = Normalization(scope, "self_norm", width);
  layer.self = MultiHeadAttention(scope, "self", width, heads);
  if (decoder) {
    layer.source_norm = Normalization(scope, "source_norm", width);
    layer.source = MultiHeadAttention(scope, "source", width, heads);
  }
  layer.feed_norm = Normalization(scope, "feed_norm", width);
  layer.feed = FeedForward(scope, "feed", width, options_.feed_forward);
  return layer;
}

NetEnds Transformer::EndsOf(const TransformerOptions& o) {
  NetEnds ends = {.vocab_size = o.vocab_size, .shares_memory = true};
  for (int i = 0; i < o.decoder_layers; ++i) {
    for (const char* const part : {"keys", "values"}) {
      ends.memory.push_back({absl::StrCat("shared_", part, i), o.width});
      ends.states.push_back({.name = absl::StrCat(part, i), .width = o.width, .grows = true});
    }
  }
  return ends;
}

EncodedSource Transformer::Encode(BuilderRef ref, Output source, Output lengths,
                                  float dropout) const {
  const GraphBuilder b = ref.Scope("encode");
  const Output words = AtPositions(b, Embed(b, source), Const<int64_t>(b, 0), options_.width);
  Output x = WithDropout(b, words, dropout);
  for (const Layer& layer : encoder_) {
    const Output read = layer.self_norm.Apply(b, x);
    const Output seen = layer.self.Apply(b, read, layer.self.Remember(b, read), lengths);
    x = Add(b, x, WithDropout(b, seen, dropout));
    x = FeedForwardBlock(b, layer, x, dropout);
  }
  x = encoder_norm_.Apply(b, x);
  EncodedSource result = {.lengths = lengths};
  for (const Layer& layer : decoder_) {
    const MultiHeadAttention::Memory memory = layer.source.Remember(b, x);
    result.memory.push_back(memory.keys);
    result.memory.push_back(memory.values);
  }
  return result;
}

Output Transformer::FeedForwardBlock(BuilderRef b, const Layer& layer, Output x,
                                     float dropout) const {
  const Output made = layer.feed.Apply(b, layer.feed_norm.Apply(b, x));
  return Add(b, x, WithDropout(b, made, dropout));
}

Output Transformer::Mix(BuilderRef b, const EncodedSource& source, Output words,
                        float dropout) const {
  Output x = AtPositions(b, words, Const<int64_t>(b, 0), options_.width);
  x = WithDropout(b, x, dropout);
  for (size_t i = 0; i < decoder_.size(); ++i) {
    const Layer& layer = decoder_[i];
    const Output read = layer.self_norm.Apply(b, x);
    // Padding needs no mask: it lies behind all that a word may see.
    const Output before =
        layer.self.Apply(b, read, layer.self.Remember(b, read), {}, {.causal = true});
    x = Add(b, x, WithDropout(b, before, dropout));
    const Output seen =
        layer.source.Apply(b, layer.source_norm.Apply(b, x), MemoryOf(source, i), source.lengths);
    x = Add(b, x, WithDropout(b, seen, dropout));
    x = FeedForwardBlock(b, layer, x, dropout);
  }
  return decoder_norm_.Apply(b, x);
}

DecoderStep Transformer::Step(BuilderRef ref, const EncodedSource& source, Output tokens,
                              const std::vector<Output>& states) const {
  const GraphBuilder b = ref.Scope("step");
  const Output words = ExpandDims(b, Embed(b, tokens), 0);
  Output x = AtPositions(b, words, DimOf(b, states[0], 0), options_.width);
  DecoderStep result;
  for (size_t i = 0; i < decoder_.size(); ++i) {
    const Layer& layer = decoder_[i];
    const Output read = layer.self_norm.Apply(b, x);
    MultiHeadAttention::Memory memory = layer.self.Remember(b, read);
    memory.keys = Concat(b, {states[2 * i], memory.keys}, 0);
    memory.values = Concat(b, {states[2 * i + 1], memory.values}, 0);
    result.next.push_back(memory.keys);
    result.next.push_back(memory.values);
    x = Add(b, x, layer.self.Apply(b, read, memory, {}));
    const MultiHeadAttention::StepResult seen = layer.source.ApplyStep(
        b, layer.source_norm.Apply(b, x), MemoryOf(source, i), source.lengths);
    x = Add(b, x, seen.outputs);
    // The last layer's is kept.
    result.attention = seen.weights;
    x = FeedForwardBlock(b, layer, x, /*dropout=*/0);
  }
  const Output mixed = Squeeze(b, decoder_norm_.Apply(b, x), {0});
  result.log_probs = LogSoftmax(b, Logits(b, mixed));
  return result;
}

}  // namespace viv
