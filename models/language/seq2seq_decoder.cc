// Decoding steps of the sequence-to-sequence net: between steps the rows of the states are gathered
// from their parents; the encoder's states only when hypotheses of an example come or go.
#include "models/language/seq2seq_decoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// Slices `rows` along axis 1 of x: [N, B, D], or axis 0 of [B, D] or [B].
absl::StatusOr<Tensor> TakeRows(const Tensor& x, const std::vector<int>& rows) {
  const int axis = x.rank() == 3 ? 1 : 0;
  const int64_t outer = axis == 1 ? x.dim(0) : 1;
  const int64_t from_rows = x.dim(axis);
  const size_t row_bytes =
      x.shape().Elements(axis + 1, x.rank()) * static_cast<int64_t>(DTypeSize(x.dtype()));
  Shape shape = x.shape();
  shape.set_dim(axis, static_cast<int64_t>(rows.size()));
  ASSIGN_OR_RETURN(Tensor out, Tensor::Make(x.dtype(), shape));
  char* to = static_cast<char*>(out.raw());
  for (int64_t o = 0; o < outer; ++o) {
    const char* from = static_cast<const char*>(x.raw()) + o * from_rows * row_bytes;
    for (const int row : rows) {
      std::memcpy(to, from + row * row_bytes, row_bytes);
      to += row_bytes;
    }
  }
  return out;
}

// In the order in which they are fed and fetched.
std::vector<Output> Flatten(const DecoderState& state) {
  std::vector<Output> flat;
  for (const LstmState& layer : state.layers) {
    flat.push_back(layer.h);
    flat.push_back(layer.c);
  }
  if (state.mixed.valid()) flat.push_back(state.mixed);
  return flat;
}

}  // namespace

PaddedBatch PadSequences(const std::vector<std::vector<int32_t>>& sequences, int32_t pad) {
  const size_t batch = sequences.size();
  size_t longest = 0;
  std::vector<int32_t> lengths;
  for (const std::vector<int32_t>& s : sequences) {
    longest = std::max(longest, s.size());
    lengths.push_back(static_cast<int32_t>(s.size()));
  }
  std::vector<int32_t> tokens(longest * batch, pad);
  for (size_t i = 0; i < batch; ++i) {
    for (size_t t = 0; t < sequences[i].size(); ++t) tokens[t * batch + i] = sequences[i][t];
  }
  const Shape shape({static_cast<int64_t>(longest), static_cast<int64_t>(batch)});
  return {Tensor::Of<int32_t>(shape, tokens), Tensor::Vector<int32_t>(lengths)};
}

Seq2SeqDecoder::Seq2SeqDecoder(BuilderRef ref, const Seq2Seq& net) : options_(net.options()) {
  const GraphBuilder b = ref.Scope("inference");
  source_ = Placeholder(b, kInt32, {-1, -1});
  source_lengths_ = Placeholder(b, kInt32, {-1});
  encoded_ = net.Encode(b, source_, source_lengths_);
  tokens_ = Placeholder(b, kInt32, {-1});
  DecoderState state;
  for (int i = 0; i < options_.decoder_layers; ++i) {
    state.layers.push_back({Placeholder(b, kFloat, {-1, options_.hidden}),
                            Placeholder(b, kFloat, {-1, options_.hidden})});
  }
  if (options_.input_feeding) state.mixed = Placeholder(b, kFloat, {-1, options_.embed});
  states_ = Flatten(state);
  if (options_.attention) {
    memory_.keys = Placeholder(b, kFloat, {-1, -1, options_.hidden});
    memory_.values = Placeholder(b, kFloat, {-1, -1, 2 * options_.encoder_hidden});
    memory_.lengths = Placeholder(b, kInt32, {-1});
  }
  step_ = net.Step(b, memory_, tokens_, state);
  if (!options_.input_feeding) step_.next.mixed = {};
  next_states_ = Flatten(step_.next);
}

Seq2SeqDecoder::Seq2SeqDecoder(const Seq2SeqOptions& options) : options_(options) {
  const size_t states = 2 * options_.decoder_layers + (options_.input_feeding ? 1 : 0);
  states_.resize(states);
  next_states_.resize(states);
}

std::vector<Seq2SeqDecoder::End> Seq2SeqDecoder::Ends() {
  const int64_t hidden = options_.hidden;
  std::vector<End> ends = {
      {"encode", "source", false, &source_, kInt32, {-1, -1}},
      {"encode", "source_lengths", false, &source_lengths_, kInt32, {-1}},
      {"encode",
       "initial",
       true,
       &encoded_.initial,
       kFloat,
       {-1, options_.decoder_layers * hidden}},
      {"step", "tokens", false, &tokens_, kInt32, {-1}},
      {"step", "log_probs", true, &step_.log_probs, kFloat, {-1, options_.vocab_size}}};
  for (size_t i = 0; i < states_.size(); ++i) {
    const bool mixed = i == 2 * static_cast<size_t>(options_.decoder_layers);
    const std::string name = mixed ? "mixed" : absl::StrCat(i % 2 == 0 ? "h" : "c", i / 2);
    const PartialShape shape = {-1, mixed ? options_.embed : hidden};
    ends.push_back({"step", name, false, &states_[i], kFloat, shape});
    ends.push_back({"step", name, true, &next_states_[i], kFloat, shape});
  }
  if (options_.attention) {
    const PartialShape keys = {-1, -1, hidden}, values = {-1, -1, 2 * options_.encoder_hidden};
    ends.push_back({"encode", "keys", true, &encoded_.keys, kFloat, keys});
    ends.push_back({"encode", "values", true, &encoded_.values, kFloat, values});
    ends.push_back({"step", "keys", false, &memory_.keys, kFloat, keys});
    ends.push_back({"step", "values", false, &memory_.values, kFloat, values});
    ends.push_back({"step", "lengths", false, &memory_.lengths, kInt32, {-1}});
  }
  return ends;
}

Signatures Seq2SeqDecoder::signatures() const {
  Signatures signatures;
  Seq2SeqDecoder ends = *this;
  for (const End& end : ends.Ends()) {
    Signature& signature = signatures[end.signature];
    (end.fetched ? signature.fetches : signature.feeds)[end.name] = *end.output;
  }
  return signatures;
}

absl::StatusOr<Seq2SeqDecoder> Seq2SeqDecoder::FromSignatures(const Seq2SeqOptions& options,
                                                              const Signatures& signatures) {
  Seq2SeqDecoder decoder(options);
  for (const End& end : decoder.Ends()) {
    const std::string what = absl::StrCat(end.fetched ? "fetch" : "feed", " '", end.name,
                                          "' of signature '", end.signature, "'");
    const auto signature = signatures.find(end.signature);
    if (signature != signatures.end()) {
      const Signature& ends = signature->second;
      const auto& outputs = end.fetched ? ends.fetches : ends.feeds;
      if (const auto found = outputs.find(end.name); found != outputs.end()) {
        *end.output = found->second;
      }
    }
    if (!end.output->valid() || end.output->index < 0) {
      return absl::InvalidArgumentError(absl::StrCat("the graph has no ", what));
    }
    if (end.output->dtype() != end.dtype || !end.output->shape().Compatible(end.shape)) {
      return absl::InvalidArgumentError(absl::StrCat(what, " is ", DTypeName(end.output->dtype()),
                                                     end.output->shape().ToString(), ", not ",
                                                     DTypeName(end.dtype), end.shape.ToString()));
    }
  }
  return decoder;
}

// One batch being decoded.
class Seq2SeqSteps : public StepFunction {
 public:
  Seq2SeqSteps(const Seq2SeqDecoder& decoder, Session& session)
      : decoder_(decoder), session_(session) {}

  absl::Status Begin(const std::vector<std::vector<int32_t>>& sources, int32_t pad) {
    PaddedBatch batch;
    if (decoder_.options_.reverse_source) {
      std::vector<std::vector<int32_t>> reversed = sources;
      for (std::vector<int32_t>& s : reversed) std::reverse(s.begin(), s.end());
      batch = PadSequences(reversed, pad);
    } else {
      batch = PadSequences(sources, pad);
    }
    const bool attention = decoder_.options_.attention;
    std::vector<Output> fetches = {decoder_.encoded_.initial};
    if (attention) {
      fetches.push_back(decoder_.encoded_.keys);
      fetches.push_back(decoder_.encoded_.values);
    }
    const Feeds feeds = {{decoder_.source_, batch.tokens},
                         {decoder_.source_lengths_, batch.lengths}};
    ASSIGN_OR_RETURN(std::vector<Tensor> encoded, session_.Run(feeds, fetches));
    const int64_t examples = batch.lengths.dim(0), steps = batch.tokens.dim(0);
    const Seq2SeqOptions& o = decoder_.options_;
    RETURN_IF_ERROR(CheckShape("initial", encoded[0], {examples, o.decoder_layers * o.hidden}));
    RETURN_IF_ERROR(SetInitialStates(encoded[0]));
    if (attention) {
      RETURN_IF_ERROR(CheckShape("keys", encoded[1], {steps, examples, o.hidden}));
      RETURN_IF_ERROR(CheckShape("values", encoded[2], {steps, examples, 2 * o.encoder_hidden}));
      all_ = {encoded[1], encoded[2], batch.lengths};
    }
    for (int64_t i = 0; i < examples; ++i) examples_.push_back(static_cast<int>(i));
    memory_ = all_;
    memory_of_ = examples_;
    return absl::OkStatus();
  }

  absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                    Tensor* log_probs) override {
    RETURN_IF_ERROR(TakeParents(parents));
    Feeds feeds = {{decoder_.tokens_, Tensor::Vector<int32_t>(tokens)}};
    for (size_t i = 0; i < states_.size(); ++i) {
      feeds.push_back({decoder_.states_[i], states_[i]});
    }
    if (decoder_.options_.attention) {
      feeds.push_back({decoder_.memory_.keys, memory_[0]});
      feeds.push_back({decoder_.memory_.values, memory_[1]});
      feeds.push_back({decoder_.memory_.lengths, memory_[2]});
    }
    std::vector<Output> fetches = {decoder_.step_.log_probs};
    fetches.insert(fetches.end(), decoder_.next_states_.begin(), decoder_.next_states_.end());
    ASSIGN_OR_RETURN(std::vector<Tensor> results, session_.Run(feeds, fetches));
    const auto rows = static_cast<int64_t>(tokens.size());
    RETURN_IF_ERROR(CheckShape("log_probs", results[0], {rows, decoder_.options_.vocab_size}));
    for (size_t i = 0; i < states_.size(); ++i) {
      RETURN_IF_ERROR(CheckShape("state", results[i + 1], {rows, states_[i].dim(1)}));
    }
    *log_probs = std::move(results[0]);
    states_.assign(std::make_move_iterator(results.begin() + 1),
                   std::make_move_iterator(results.end()));
    return absl::OkStatus();
  }

 private:
  // The graph may be a stranger's, whose shapes are known now.
  static absl::Status CheckShape(const char* what, const Tensor& tensor, const Shape& shape) {
    if (tensor.shape() == shape) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("the graph's '", what, "' has the shape ",
                                                   tensor.shape().ToString(), ", not ",
                                                   shape.ToString()));
  }

  // h of each layer from the encoder, all else zero.
  absl::Status SetInitialStates(const Tensor& initial) {
    const int64_t batch = initial.dim(0), hidden = decoder_.options_.hidden;
    for (int i = 0; i < decoder_.options_.decoder_layers; ++i) {
      ASSIGN_OR_RETURN(Tensor h, Tensor::Make(kFloat, {batch, hidden}));
      for (int64_t row = 0; row < batch; ++row) {
        std::copy_n(initial.data<float>() + row * initial.dim(1) + i * hidden, hidden,
                    h.mutable_data<float>() + row * hidden);
      }
      states_.push_back(std::move(h));
      ASSIGN_OR_RETURN(Tensor c, Tensor::Zeros(kFloat, {batch, hidden}));
      states_.push_back(std::move(c));
    }
    if (decoder_.options_.input_feeding) {
      ASSIGN_OR_RETURN(Tensor mixed, Tensor::Zeros(kFloat, {batch, decoder_.options_.embed}));
      states_.push_back(std::move(mixed));
    }
    return absl::OkStatus();
  }

  absl::Status TakeParents(const std::vector<int>& parents) {
    std::vector<int> examples;
    bool same = parents.size() == examples_.size();
    for (size_t i = 0; i < parents.size(); ++i) {
      if (parents[i] < 0 || parents[i] >= static_cast<int>(examples_.size())) {
        return absl::InternalError(absl::StrCat("row ", parents[i], " of ", examples_.size()));
      }
      examples.push_back(examples_[parents[i]]);
      same = same && parents[i] == static_cast<int>(i);
    }
    examples_ = std::move(examples);
    if (!same) {
      for (Tensor& state : states_) {
        ASSIGN_OR_RETURN(state, TakeRows(state, parents));
      }
    }
    if (examples_ != memory_of_) {
      for (size_t i = 0; i < all_.size(); ++i) {
        ASSIGN_OR_RETURN(memory_[i], TakeRows(all_[i], examples_));
      }
      memory_of_ = examples_;
    }
    return absl::OkStatus();
  }

  const Seq2SeqDecoder& decoder_;
  Session& session_;
  std::vector<Tensor> states_;
  std::vector<int> examples_;   // of each row
  std::vector<Tensor> all_;     // keys, values, lengths of all examples
  std::vector<Tensor> memory_;  // the same for each row ...
  std::vector<int> memory_of_;  // ... of these examples
};

absl::StatusOr<std::unique_ptr<StepFunction>> Seq2SeqDecoder::Start(
    Session& session, const std::vector<std::vector<int32_t>>& sources, int32_t pad) const {
  for (const std::vector<int32_t>& source : sources) {
    if (source.empty()) return absl::InvalidArgumentError("a source without pieces");
  }
  auto steps = std::make_unique<Seq2SeqSteps>(*this, session);
  RETURN_IF_ERROR(steps->Begin(sources, pad));
  return std::unique_ptr<StepFunction>(std::move(steps));
}

}  // namespace viv
