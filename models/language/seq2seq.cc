// The wiring of the sequence-to-sequence net.
#include "models/language/seq2seq.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

Output WithDropout(BuilderRef b, Output x, float rate) {
  return rate > 0 ? Dropout(b, x, rate, {}, /*batch_axis=*/1) : x;
}

Output Zeros(BuilderRef b, int64_t n) {
  return BroadcastTo(b, Const(b, 0.0f), Const(b, Tensor::Vector<int64_t>({n})));
}

// The fields of the options as JSON, for reading and for writing.
template <typename Options, typename Visitor>
void VisitFields(Options& o, Visitor&& visit) {
  visit("vocab_size", o.vocab_size);
  visit("embed", o.embed);
  visit("encoder_hidden", o.encoder_hidden);
  visit("hidden", o.hidden);
  visit("encoder_layers", o.encoder_layers);
  visit("decoder_layers", o.decoder_layers);
  visit("attention", o.attention);
  visit("reverse_source", o.reverse_source);
}
// Those that are younger than the format.
template <typename Options, typename Visitor>
void VisitYoungerFields(Options& o, Visitor&& visit) {
  visit("input_feeding", o.input_feeding);
}

}  // namespace

absl::Status Seq2SeqOptions::Check() const {
  constexpr int64_t kMost = 1 << 20;
  const auto between = [](const char* name, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is ", value, ": it must lie between ", low, " and ", high));
  };
  RETURN_IF_ERROR(between("the vocabulary", vocab_size, 4, kMost));
  RETURN_IF_ERROR(between("the width of the embedding", embed, 1, kMost / 16));
  RETURN_IF_ERROR(between("the encoder's width", encoder_hidden, 1, kMost / 16));
  RETURN_IF_ERROR(between("the decoder's width", hidden, 1, kMost / 16));
  RETURN_IF_ERROR(between("the number of encoder layers", encoder_layers, 1, 16));
  return between("the number of decoder layers", decoder_layers, 1, 16);
}

std::string Seq2SeqOptions::ToJson() const {
  nlohmann::json json;
  VisitFields(*this, [&](const char* name, const auto& value) { json[name] = value; });
  nlohmann::json usual;
  const Seq2SeqOptions defaults;
  VisitYoungerFields(defaults, [&](const char* name, const auto& value) { usual[name] = value; });
  VisitYoungerFields(*this, [&](const char* name, const auto& value) {
    if (usual[name] != nlohmann::json(value)) json[name] = value;
  });
  return json.dump(2);
}

absl::StatusOr<Seq2SeqOptions> Seq2SeqOptions::FromJson(const std::string& text) {
  Seq2SeqOptions options;
  RETURN_IF_ERROR(RunGuarded("the net's description is damaged", [&] {
    const nlohmann::json json = nlohmann::json::parse(text);
    size_t known = 0;
    VisitFields(options, [&](const char* name, auto& value) {
      json.at(name).get_to(value);
      ++known;
    });
    VisitYoungerFields(options, [&](const char* name, auto& value) {
      if (!json.contains(name)) return;
      json.at(name).get_to(value);
      ++known;
    });
    if (json.size() == known) return absl::OkStatus();
    return absl::InvalidArgumentError("the net's description has keys that this version lacks");
  }));
  RETURN_IF_ERROR(options.Check());
  return options;
}

Seq2Seq::Seq2Seq(BuilderRef b, const Seq2SeqOptions& options) : options_(options) {
  if (const absl::Status status = options.Check(); !status.ok()) {
    b.SetError(status);
    return;
  }
  const float deviation = 1 / std::sqrt(static_cast<float>(options.embed));
  table_ =
      Variable(b, "embedding", RandomNormal(b, {options.vocab_size, options.embed}, deviation));
  output_bias_ = Variable(b, "output_bias", Zeros(b, options.vocab_size));
  const int64_t states = 2 * options.encoder_hidden;
  encoder_ = BidirectionalLstm(b, "encoder", options.embed, options.encoder_hidden,
                               options.encoder_layers);
  decoder_ = StackedLstm(b, "decoder", (options.input_feeding ? 2 : 1) * options.embed,
                         options.hidden, options.decoder_layers);
  bridge_ = Linear(b, "bridge", states, options.decoder_layers * options.hidden);
  if (options.attention) key_ = Linear(b, "key", states, options.hidden, /*bias=*/false);
  combine_ = Linear(b, "combine", options.hidden + (options.attention ? states : 0), options.embed);
}

// The table's rows have about length 1, right for the output; the LSTMs read elements of about 1.
Output Seq2Seq::Embed(BuilderRef b, Output tokens) const {
  const float scale = std::sqrt(static_cast<float>(options_.embed));
  return Mul(b, Gather(b, table_.Read(), tokens), Const(b, scale));
}

Output Seq2Seq::Logits(BuilderRef b, Output mixed) const {
  return Add(b, MatMul(b, mixed, table_.Read(), {.transpose_b = true}), output_bias_.Read());
}

EncodedSource Seq2Seq::Encode(BuilderRef ref, Output source, Output lengths, float dropout) const {
  const GraphBuilder b = ref.Scope("encode");
  EncodedSource result;
  result.lengths = lengths;
  const Output words = WithDropout(b, Embed(b, source), dropout);
  const BidirectionalLstm::Result encoded = encoder_.Apply(b, words, lengths, dropout);
  result.initial = Tanh(b, bridge_.Apply(b, encoded.last));
  if (options_.attention) {
    result.values = encoded.outputs;
    result.keys = key_.Apply(b, encoded.outputs);
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
  const Output states = decoder_.Apply(b, words, {}, InitialStates(b, source), dropout);
  Output joined = states;
  if (options_.attention) {
    const AttentionResult attention =
        Attention(b, states, source.keys, source.values, source.lengths);
    joined = Concat(b, {attention.context, states}, 2);
  }
  return Tanh(b, combine_.Apply(b, joined));
}

Output Seq2Seq::MixOne(BuilderRef b, const EncodedSource& source, Output h,
                       Output* attention) const {
  if (!options_.attention) return Tanh(b, combine_.Apply(b, h));
  const Output query = Reshape(b, h, std::vector<int64_t>{1, -1, options_.hidden});
  const AttentionResult found = Attention(b, query, source.keys, source.values, source.lengths);
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

Output Seq2Seq::Loss(BuilderRef ref, const EncodedSource& source, Output target_in,
                     Output target_out, Output target_lengths,
                     const Seq2SeqLossOptions& options) const {
  const GraphBuilder b = ref.Scope("loss");
  const Output words = WithDropout(b, Embed(b, target_in), options.dropout);
  const Output mixed =
      WithDropout(b,
                  options_.input_feeding ? MixStepByStep(b, source, words, options.dropout)
                                         : Mix(b, source, words, options.dropout),
                  options.dropout);
  const Output labels = Reshape(b, target_out, std::vector<int64_t>{-1});
  const Output losses = SoftmaxCrossEntropy(b, Logits(b, FlattenTime(b, mixed, options_.embed)),
                                            labels, options.label_smoothing, options.pad);
  return Div(b, Sum(b, losses), Sum(b, Cast(b, target_lengths, kFloat)));
}

DecoderStep Seq2Seq::Step(BuilderRef ref, const EncodedSource& source, Output tokens,
                          const DecoderState& state) const {
  const GraphBuilder b = ref.Scope("step");
  Output words = Embed(b, tokens);
  if (options_.input_feeding) words = Concat(b, {words, state.mixed}, 1);
  DecoderStep result;
  result.next.layers = decoder_.Step(b, words, state.layers);
  Output attention;
  result.next.mixed = MixOne(b, source, result.next.layers.back().h, &attention);
  if (attention.valid()) {
    result.attention = Reshape(b, attention, SliceAxis(b, ShapeOf(b, attention), 0, 1, 3));
  }
  result.log_probs = LogSoftmax(b, Logits(b, result.next.mixed));
  return result;
}

}  // namespace viv
