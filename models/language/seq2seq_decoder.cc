// Decoding steps of a net: between steps the rows of the states are gathered from their parents,
// the encoder's memory only when examples go.
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

// `examples` without those that follow themselves, where each stands as often in a row as the
// others; else all of them.
std::vector<int> Shared(const std::vector<int>& examples) {
  std::vector<int> once = examples;
  once.erase(std::unique(once.begin(), once.end()), once.end());
  const size_t share = once.empty() ? 1 : examples.size() / once.size();
  for (size_t i = 0; i < examples.size(); ++i) {
    if (i / share >= once.size() || examples[i] != once[i / share]) return examples;
  }
  return once;
}

// [steps, rows, width], or [rows, width] of a state that does not grow.
PartialShape ShapeOfState(const NetEnds::State& state) {
  return state.grows ? PartialShape{-1, -1, state.width} : PartialShape{-1, state.width};
}

DType TypeOfSource(const NetEnds& net) { return net.source_features > 0 ? kFloat : kInt32; }
PartialShape ShapeOfSource(const NetEnds& net) {
  return net.source_features > 0 ? PartialShape{-1, -1, net.source_features} : PartialShape{-1, -1};
}

int64_t InitialWidth(const NetEnds& net) {
  int64_t width = 0;
  for (const NetEnds::State& state : net.states) width += state.from_source ? state.width : 0;
  return width;
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

Seq2SeqDecoder::Seq2SeqDecoder(BuilderRef ref, const TranslationNet& net)
    : Seq2SeqDecoder(net.ends()) {
  const GraphBuilder b = ref.Scope("inference");
  source_ = Placeholder(b, TypeOfSource(net_), ShapeOfSource(net_));
  source_lengths_ = Placeholder(b, kInt32, {-1});
  encoded_ = net.Encode(b, source_, source_lengths_);
  tokens_ = Placeholder(b, kInt32, {-1});
  for (size_t i = 0; i < states_.size(); ++i) {
    states_[i] = Placeholder(b, kFloat, ShapeOfState(net_.states[i]));
  }
  for (size_t i = 0; i < net_.memory.size(); ++i) {
    memory_.memory[i] = Placeholder(b, kFloat, {-1, -1, net_.memory[i].width});
  }
  if (!net_.memory.empty()) memory_.lengths = Placeholder(b, kInt32, {-1});
  step_ = net.Step(b, memory_, tokens_, states_);
}

Seq2SeqDecoder::Seq2SeqDecoder(NetEnds net)
    : net_(std::move(net)), initial_width_(InitialWidth(net_)) {
  encoded_.memory.resize(net_.memory.size());
  memory_.memory.resize(net_.memory.size());
  states_.resize(net_.states.size());
  step_.next.resize(net_.states.size());
}

std::vector<Seq2SeqDecoder::End> Seq2SeqDecoder::Ends() {
  std::vector<End> ends = {
      {"encode", "source", false, &source_, TypeOfSource(net_), ShapeOfSource(net_)},
      {"encode", "source_lengths", false, &source_lengths_, kInt32, {-1}},
      {"step", "tokens", false, &tokens_, kInt32, {-1}},
      {"step", "log_probs", true, &step_.log_probs, kFloat, {-1, net_.vocab_size}}};
  if (initial_width_ > 0) {
    ends.push_back({"encode", "initial", true, &encoded_.initial, kFloat, {-1, initial_width_}});
  }
  for (size_t i = 0; i < states_.size(); ++i) {
    const NetEnds::State& state = net_.states[i];
    const PartialShape shape = ShapeOfState(state);
    ends.push_back({"step", state.name, false, &states_[i], kFloat, shape});
    ends.push_back({"step", state.name, true, &step_.next[i], kFloat, shape});
  }
  for (size_t i = 0; i < net_.memory.size(); ++i) {
    const auto& [name, width] = net_.memory[i];
    const PartialShape shape = {-1, -1, width};
    ends.push_back({"encode", name, true, &encoded_.memory[i], kFloat, shape});
    ends.push_back({"step", name, false, &memory_.memory[i], kFloat, shape});
  }
  if (!net_.memory.empty()) {
    ends.push_back({"step", "lengths", false, &memory_.lengths, kInt32, {-1}});
    ends.push_back({.signature = "step",
                    .name = "attention",
                    .fetched = true,
                    .output = &step_.attention,
                    .dtype = kFloat,
                    .shape = {-1, -1},
                    .optional = true});
  }
  return ends;
}

Signatures Seq2SeqDecoder::signatures() const {
  Signatures signatures;
  Seq2SeqDecoder ends = *this;
  for (const End& end : ends.Ends()) {
    if (end.optional && !end.output->valid()) continue;
    Signature& signature = signatures[end.signature];
    (end.fetched ? signature.fetches : signature.feeds)[end.name] = *end.output;
  }
  return signatures;
}

void Seq2SeqDecoder::ChooseInGraph(BuilderRef b) {
  chooser_ = TokenChooser(b, step_.log_probs, net_.vocab_size);
}

absl::StatusOr<Seq2SeqDecoder> Seq2SeqDecoder::FromSignatures(const NetEnds& net,
                                                              const Signatures& signatures) {
  Seq2SeqDecoder decoder(net);
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
    if (end.optional && !end.output->valid()) continue;
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
    const NetEnds& net = decoder_.net_;
    PaddedBatch batch;
    if (net.reverse_source) {
      std::vector<std::vector<int32_t>> reversed = sources;
      for (std::vector<int32_t>& s : reversed) std::reverse(s.begin(), s.end());
      batch = PadSequences(reversed, pad);
    } else {
      batch = PadSequences(sources, pad);
    }
    return Begin(batch);
  }

  // With sources as the encoder is fed them.
  absl::Status Begin(const PaddedBatch& batch) {
    const NetEnds& net = decoder_.net_;
    std::vector<Output> fetches = decoder_.encoded_.memory;
    if (decoder_.initial_width_ > 0) fetches.push_back(decoder_.encoded_.initial);
    const Feeds feeds = {{decoder_.source_, batch.tokens},
                         {decoder_.source_lengths_, batch.lengths}};
    ASSIGN_OR_RETURN(all_, session_.Run(feeds, fetches));
    const int64_t examples = batch.lengths.dim(0), steps = batch.tokens.dim(0);
    Tensor initial;
    if (decoder_.initial_width_ > 0) {
      initial = std::move(all_.back());
      all_.pop_back();
      RETURN_IF_ERROR(CheckShape("initial", initial, {examples, decoder_.initial_width_}));
    }
    RETURN_IF_ERROR(SetInitialStates(initial, examples));
    for (size_t i = 0; i < all_.size(); ++i) {
      const auto& [name, width] = net.memory[i];
      RETURN_IF_ERROR(CheckShape(name.c_str(), all_[i], {steps, examples, width}));
    }
    if (!all_.empty()) all_.push_back(batch.lengths);
    for (int64_t i = 0; i < examples; ++i) examples_.push_back(static_cast<int>(i));
    memory_ = all_;
    memory_of_ = examples_;
    return absl::OkStatus();
  }

  absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                    Tensor* log_probs) override {
    ASSIGN_OR_RETURN(std::vector<Tensor> results,
                     Run(parents, tokens, {}, {decoder_.step_.log_probs}));
    const auto rows = static_cast<int64_t>(tokens.size());
    RETURN_IF_ERROR(CheckShape("log_probs", results[0], {rows, decoder_.net_.vocab_size}));
    *log_probs = std::move(results[0]);
    return absl::OkStatus();
  }

  absl::Status StepChoosing(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                            int64_t best, const std::vector<int32_t>& watched,
                            StepChoices* choices) override {
    const TokenChooser& chooser = decoder_.chooser_;
    if (!chooser.Finds(best)) {
      return StepFunction::StepChoosing(parents, tokens, best, watched, choices);
    }
    Feeds feeds;
    std::vector<Output> fetches;
    const auto rows = static_cast<int64_t>(tokens.size());
    RETURN_IF_ERROR(chooser.AddTo(rows, best, watched, &feeds, &fetches));
    ASSIGN_OR_RETURN(const std::vector<Tensor> results, Run(parents, tokens, feeds, fetches));
    *choices = chooser.Read(results);
    return absl::OkStatus();
  }

  // A step of which only what was looked at is wanted: [rows, S].
  absl::Status StepAttending(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                             Tensor* attention) {
    ASSIGN_OR_RETURN(std::vector<Tensor> results,
                     Run(parents, tokens, {}, {decoder_.step_.attention}));
    const auto rows = static_cast<int64_t>(tokens.size());
    RETURN_IF_ERROR(CheckShape("attention", results[0], {rows, all_[0].dim(0)}));
    *attention = std::move(results[0]);
    return absl::OkStatus();
  }

 private:
  // One step: its states, and the values of `fetches` where `more` is fed too.
  absl::StatusOr<std::vector<Tensor>> Run(const std::vector<int>& parents,
                                          const std::vector<int32_t>& tokens, Feeds more,
                                          std::vector<Output> fetches) {
    RETURN_IF_ERROR(TakeParents(parents));
    Feeds feeds = std::move(more);
    feeds.push_back({decoder_.tokens_, Tensor::Vector<int32_t>(tokens)});
    for (size_t i = 0; i < states_.size(); ++i) {
      feeds.push_back({decoder_.states_[i], states_[i]});
    }
    for (size_t i = 0; i < decoder_.net_.memory.size(); ++i) {
      feeds.push_back({decoder_.memory_.memory[i], memory_[i]});
    }
    if (!memory_.empty()) feeds.push_back({decoder_.memory_.lengths, memory_.back()});
    const size_t asked = fetches.size();
    fetches.insert(fetches.end(), decoder_.step_.next.begin(), decoder_.step_.next.end());
    ASSIGN_OR_RETURN(std::vector<Tensor> results, session_.Run(feeds, fetches));
    const auto rows = static_cast<int64_t>(tokens.size());
    ++step_;
    for (size_t i = 0; i < states_.size(); ++i) {
      const NetEnds::State& state = decoder_.net_.states[i];
      const Shape shape =
          state.grows ? Shape({step_, rows, state.width}) : Shape({rows, state.width});
      RETURN_IF_ERROR(CheckShape(state.name.c_str(), results[asked + i], shape));
      states_[i] = std::move(results[asked + i]);
    }
    results.resize(asked);
    return results;
  }

  // The graph may be a stranger's, whose shapes are known now.
  static absl::Status CheckShape(const char* what, const Tensor& tensor, const Shape& shape) {
    if (tensor.shape() == shape) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("the graph's '", what, "' has the shape ",
                                                   tensor.shape().ToString(), ", not ",
                                                   shape.ToString()));
  }

  // Columns of `initial`, zeros, or nothing yet.
  absl::Status SetInitialStates(const Tensor& initial, int64_t examples) {
    int64_t column = 0;
    for (const NetEnds::State& state : decoder_.net_.states) {
      const Shape shape =
          state.grows ? Shape({0, examples, state.width}) : Shape({examples, state.width});
      ASSIGN_OR_RETURN(Tensor values, Tensor::Zeros(kFloat, shape));
      if (state.from_source) {
        for (int64_t row = 0; row < examples; ++row) {
          std::copy_n(initial.data<float>() + row * initial.dim(1) + column, state.width,
                      values.mutable_data<float>() + row * state.width);
        }
        column += state.width;
      }
      states_.push_back(std::move(values));
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
    std::vector<int> memory_of = decoder_.net_.shares_memory ? Shared(examples_) : examples_;
    if (memory_of != memory_of_) {
      for (size_t i = 0; i < all_.size(); ++i) {
        ASSIGN_OR_RETURN(memory_[i], TakeRows(all_[i], memory_of));
      }
      memory_of_ = std::move(memory_of);
    }
    return absl::OkStatus();
  }

  const Seq2SeqDecoder& decoder_;
  Session& session_;
  int64_t step_ = 0;  // words read
  std::vector<Tensor> states_;
  std::vector<int> examples_;   // of each row
  std::vector<Tensor> all_;     // the memory of all examples, and its lengths
  std::vector<Tensor> memory_;  // the same for each row, or for rows that share it, ...
  std::vector<int> memory_of_;  // ... of these examples
};

absl::StatusOr<std::vector<std::vector<std::vector<float>>>> Seq2SeqDecoder::Attend(
    Session& session, const std::vector<std::vector<int32_t>>& sources,
    const std::vector<std::vector<int32_t>>& targets, int32_t bos, int32_t pad) const {
  if (!has_attention()) return absl::FailedPreconditionError("the net shows no attention");
  Seq2SeqSteps steps(*this, session);
  RETURN_IF_ERROR(steps.Begin(sources, pad));
  size_t longest = 0;
  std::vector<int> rows;
  for (const std::vector<int32_t>& target : targets) {
    rows.push_back(static_cast<int>(rows.size()));
    longest = std::max(longest, target.size());
  }
  std::vector<std::vector<std::vector<float>>> weights(targets.size());
  std::vector<int32_t> tokens(targets.size(), bos);
  for (size_t t = 0; t <= longest; ++t) {
    Tensor attention;
    RETURN_IF_ERROR(steps.StepAttending(rows, tokens, &attention));
    for (size_t i = 0; i < targets.size(); ++i) {
      if (t <= targets[i].size()) {
        const float* row = attention.data<float>() + i * attention.dim(1);
        std::vector<float> of_source(row, row + sources[i].size());
        if (net_.reverse_source) std::reverse(of_source.begin(), of_source.end());
        weights[i].push_back(std::move(of_source));
      }
      tokens[i] = t < targets[i].size() ? targets[i][t] : pad;
    }
  }
  return weights;
}

absl::StatusOr<std::unique_ptr<StepFunction>> Seq2SeqDecoder::Start(
    Session& session, const std::vector<std::vector<int32_t>>& sources, int32_t pad) const {
  for (const std::vector<int32_t>& source : sources) {
    if (source.empty()) return absl::InvalidArgumentError("a source without pieces");
  }
  auto steps = std::make_unique<Seq2SeqSteps>(*this, session);
  RETURN_IF_ERROR(steps->Begin(sources, pad));
  return std::unique_ptr<StepFunction>(std::move(steps));
}

absl::StatusOr<std::unique_ptr<StepFunction>> Seq2SeqDecoder::Start(Session& session,
                                                                    const Tensor& features) const {
  if (features.rank() != 3 || features.dtype() != kFloat ||
      features.dim(2) != net_.source_features || features.num_elements() == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sources are float [S, B, ", net_.source_features, "], not ", features.shape().ToString()));
  }
  auto steps = std::make_unique<Seq2SeqSteps>(*this, session);
  const std::vector<int32_t> lengths(features.dim(1), static_cast<int32_t>(features.dim(0)));
  RETURN_IF_ERROR(steps->Begin({features, Tensor::Vector<int32_t>(lengths)}));
  return std::unique_ptr<StepFunction>(std::move(steps));
}

}  // namespace viv
