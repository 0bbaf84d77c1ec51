// The wiring of the recurrent sequence-to-sequence net.
#include "models/language/seq2seq.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "models/layers/options_json.h"

namespace viv {
namespace {

constexpr auto kFields = [](auto&& o, auto&& visit) {
  visit("vocab_size", o.vocab_size);
  visit("embed", o.embed);
  visit("encoder_hidden", o.encoder_hidden);
  visit("hidden", o.hidden);
  visit("encoder_layers", o.encoder_layers);
  visit("decoder_layers", o.decoder_layers);
  visit("attention", o.attention);
  visit("reverse_source", o.reverse_source);
};
constexpr auto kYoungerFields = [](auto&& o, auto&& visit) {
  visit("input_feeding", o.input_feeding);
  visit("source_features", o.source_features);
};

}  // namespace

absl::Status Seq2SeqOptions::Check() const {
  constexpr int64_t kMost = 1 << 20;
  RETURN_IF_ERROR(CheckBetween("the vocabulary", vocab_size, 4, kMost));
  RETURN_IF_ERROR(CheckBetween("the width of the embedding", embed, 1, kMost / 16));
  RETURN_IF_ERROR(CheckBetween("the encoder's width", encoder_hidden, 1, kMost / 16));
  RETURN_IF_ERROR(CheckBetween("the decoder's width", hidden, 1, kMost / 16));
  RETURN_IF_ERROR(CheckBetween("the number of a source's features", source_features, 0, kMost));
  RETURN_IF_ERROR(CheckBetween("the number of encoder layers", encoder_layers, 1, 16));
  return CheckBetween("the number of decoder layers", decoder_layers, 1, 16);
}

std::string Seq2SeqOptions::ToJson() const { return OptionsToJson(*this, kFields, kYoungerFields); }

absl::StatusOr<Seq2SeqOptions> Seq2SeqOptions::FromJson(const std::string& text) {
  return OptionsFromJson<Seq2SeqOptions>(text, kFields, kYoungerFields);
}

Seq2Seq::Seq2Seq(BuilderRef b, const Seq2SeqOptions& options) : options_(options) {
  if (const absl::Status status = options.Check(); !status.ok()) {
    b.SetError(status);
    return;
  }
  MakeTable(b, options.vocab_size, options.embed);
  const int64_t states = 2 * options.encoder_hidden;
  if (options.source_features > 0) {
    features_ = Linear(b, "features", options.source_features, states);
  } else {
    encoder_ = BidirectionalLstm(b, "encoder", options.embed, options.encoder_hidden,
                                 options.encoder_layers);
  }
  decoder_ = StackedLstm(b, "decoder", (options.input_feeding ? 2 : 1) * options.embed,
                         options.hidden, options.decoder_layers);
  bridge_ = Linear(b, "bridge", states, options.decoder_layers * options.hidden);
  if (options.attention) key_ = Linear(b, "key", states, options.hidden, /*bias=*/false);
  combine_ = Linear(b, "combine", options.hidden + (options.attention ? states : 0), options.embed);
}

NetEnds Seq2Seq::EndsOf(const Seq2SeqOptions& o) {
  NetEnds ends = {.vocab_size = o.vocab_size,
                  .source_features = o.source_features,
                  .reverse_source = o.reverse_source,
                  .shares_memory = o.attention};
  if (o.attention) ends.memory = {{"keys", o.hidden}, {"values", 2 * o.encoder_hidden}};
  for (int i = 0; i < o.decoder_layers; ++i) {
    ends.states.push_back({.name = absl::StrCat("h", i), .width = o.hidden, .from_source = true});
    ends.states.push_back({.name = absl::StrCat("c", i), .width = o.hidden});
  }
  if (o.input_feeding) ends.states.push_back({.name = "mixed", .width = o.embed});
  return ends;
}

EncodedSource Seq2Seq::Encode(BuilderRef ref, Output source, Output lengths, float dropout) const {
  const GraphBuilder b = ref.Scope("encode");
  EncodedSource result;
  result.lengths = lengths;
  BidirectionalLstm::Result encoded;
  if (options_.source_features > 0) {
    encoded.outputs =
        WithDropout(b, Relu(b, features_.Apply(b, WithDropout(b, source, dropout))), dropout);
    encoded.last = Mean(b, encoded.outputs, {0});
  } else {
    const Output words = WithDropout(b, Embed(b, source), dropout);
    encoded = encoder_.Apply(b, words, lengths, dropout);
  }
  result.initial = Tanh(b, bridge_.Apply(b, encoded.last));
  if (options_.attention) {
    result.memory = {key_.Apply(b, encoded.outputs), encoded.outputs};
  }
  return result;
}

std::vector<LstmState> Seq2Seq::InitialStates(BuilderRef b, const EncodedSource& source) const {
  std::vector<LstmState> states;
  for (int i = 0; i < options_.decoder_layers; ++i) {
    const int64_t begin = i * options_.hidden;
    states.push_back({SliceAxis(b, source.initial, 1, begin, begin + options_.hidden), {}});
  }
  return states;
}

Output Seq2Seq::Mix(BuilderRef b, const EncodedSource& source, Output words, float dropout) const {
  if (options_.input_feeding) {
    return WithDropout(b, MixStepByStep(b, source, words, dropout), dropout);
  }
  const Output states = decoder_.Apply(b, words, {}, InitialStates(b, source), dropout);
  Output joined = states;
  if (options_.attention) {
    const AttentionResult attention =
        Attention(b, states, source.memory[0], source.memory[1], source.lengths);
    joined = Concat(b, {attention.context, states}, 2);
  }
  return WithDropout(b, Tanh(b, combine_.Apply(b, joined)), dropout);
}

Output Seq2Seq::MixOne(BuilderRef b, const EncodedSource& source, Output h,
                       Output* attention) const {
  if (!options_.attention) return Tanh(b, combine_.Apply(b, h));
  const Output query = Reshape(b, h, std::vector<int64_t>{1, -1, options_.hidden});
  const AttentionResult found =
      Attention(b, query, source.memory[0], source.memory[1], source.lengths);
  const Output context = FlattenTime(b, found.context, 2 * options_.encoder_hidden);
  if (attention != nullptr) *attention = found.weights;
  return Tanh(b, combine_.Apply(b, Concat(b, {context, h}, 1)));
}

Output Seq2Seq::MixStepByStep(BuilderRef b, const EncodedSource& source, Output words,
                              float dropout) const {
  std::vector<Output> carries;
  for (const LstmState& state : InitialStates(b, source)) {
    carries.push_back(state.h);
    carries.push_back(ZerosLike(b, state.h));
  }
  carries.push_back(ZeroRows(b, words, /*batch_axis=*/1, options_.embed));
  const Output weights = decoder_.JoinWeights(b, options_.embed);
  const auto body = [&](const GraphBuilder& inner, const Outputs& carry, const Outputs& rows) {
    std::vector<LstmState> states;
    for (int i = 0; i < options_.decoder_layers; ++i) {
      states.push_back({carry[2 * i], carry[2 * i + 1]});
    }
    states =
        decoder_.ProjectedStep(inner, rows[0], carry[2 * states.size()], weights, states, dropout);
    std::vector<Output> next;
    for (const LstmState& state : states) {
      next.push_back(state.h);
      next.push_back(state.c);
    }
    const Output mixed = MixOne(inner, source, states.back().h, nullptr);
    next.push_back(mixed);
    return ScanValues{.carries = next, .outputs = {mixed}};
  };
  const Output projected = decoder_.Project(b, words, options_.embed);
  return Scan(b, carries, {projected}, body).outputs[0];
}

DecoderStep Seq2Seq::Step(BuilderRef ref, const EncodedSource& source, Output tokens,
                          const std::vector<Output>& states) const {
  const GraphBuilder b = ref.Scope("step");
  Output words = Embed(b, tokens);
  if (options_.input_feeding) words = Concat(b, {words, states.back()}, 1);
  std::vector<LstmState> layers;
  for (int i = 0; i < options_.decoder_layers; ++i) {
    layers.push_back({states[2 * i], states[2 * i + 1]});
  }
  DecoderStep result;
  layers = decoder_.Step(b, words, layers);
  for (const LstmState& layer : layers) {
    result.next.push_back(layer.h);
    result.next.push_back(layer.c);
  }
  Output attention;
  const Output mixed = MixOne(b, source, layers.back().h, &attention);
  if (options_.input_feeding) result.next.push_back(mixed);
  if (attention.valid()) {
    result.attention = Reshape(b, attention, SliceAxis(b, ShapeOf(b, attention), 0, 1, 3));
  }
  result.log_probs = LogSoftmax(b, Logits(b, mixed));
  return result;
}

}  // namespace viv
