// The training graph of a translator, its batches, and its score.
#include "models/language/translation_training.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "models/language/bleu.h"
#include "models/language/copy_text.h"
#include "models/language/seq2seq_decoder.h"
#include "models/language/translate_text.h"
#include "models/layers/option_ranges.h"

namespace viv {
namespace {

enum Field { kSource, kTargetIn, kTargetOut, kSourceLength, kTargetLength };

// A pair of piece sequences as an example; the begin goes before the target, the end behind both.
Example MakeExample(std::vector<int32_t> source, std::vector<int32_t> target, bool reverse,
                    const Tokenizer& tokenizer) {
  if (reverse) std::reverse(source.begin(), source.end());
  source.push_back(tokenizer.eos());
  std::vector<int32_t> in = {tokenizer.bos()};
  in.insert(in.end(), target.begin(), target.end());
  target.push_back(tokenizer.eos());
  return {Tensor::Vector<int32_t>(source), Tensor::Vector<int32_t>(in),
          Tensor::Vector<int32_t>(target),
          Tensor::Scalar<int32_t>(static_cast<int32_t>(source.size())),
          Tensor::Scalar<int32_t>(static_cast<int32_t>(target.size()))};
}

TrainingTask MakeTask(const GraphBuilder& b, const TranslationNet& net, const Tokenizer& tokenizer,
                      const TranslationTrainingOptions& options) {
  TrainingTask task;
  for (int field = kSource; field <= kTargetOut; ++field) {
    task.feeds.push_back(Placeholder(b, kInt32, {-1, -1}));
  }
  for (int field = kSourceLength; field <= kTargetLength; ++field) {
    task.feeds.push_back(Placeholder(b, kInt32, {-1}));
  }
  const auto time_first = [&](Field field) { return Transpose(b, task.feeds[field], {1, 0}); };
  const EncodedSource source =
      net.Encode(b, time_first(kSource), task.feeds[kSourceLength], options.dropout);
  task.loss =
      net.Loss(b, source, time_first(kTargetIn), time_first(kTargetOut), task.feeds[kTargetLength],
               {.dropout = options.dropout,
                .label_smoothing = options.label_smoothing,
                .pad = tokenizer.pad()});
  const Schedule rising = Schedule(options.learning_rate).WarmUp(options.warm_up);
  const Schedule rate = options.inverse_sqrt
                            ? rising.InverseSqrt(std::max<int64_t>(options.warm_up, 1))
                            : rising.HalveEvery(options.halve_every, options.halve_from);
  const OptimizerOptions optimizer = {.clip_norm = options.clip_norm,
                                      .accumulate = options.accumulate,
                                      .average_decay = options.average_decay};
  task.step = Adam{.learning_rate = rate, .options = optimizer}.Step(b, task.loss);
  task.accumulate = options.accumulate;
  task.unit = "target pieces";
  task.count_units = [](const Example& batch) {
    int64_t count = 0;
    for (const int32_t length : batch[kTargetLength].flat<int32_t>()) count += length;
    return count;
  };
  return task;
}

// BLEU of greedy translations; a sentence that fails counts as empty.
absl::StatusOr<double> GreedyBleu(Session& session, const Seq2SeqDecoder& decoder,
                                  const Tokenizer& tokenizer, const std::vector<TextPair>& pairs) {
  std::vector<std::string> sources, references, translations;
  for (const TextPair& pair : pairs) {
    sources.push_back(pair.source);
    references.push_back(pair.target);
  }
  ASSIGN_OR_RETURN(const std::vector<SentenceResult> results,
                   TranslateTexts(session, decoder, tokenizer, TextCopier(tokenizer, nullptr),
                                  sources, {.beam = 1, .batch = 100}));
  for (const SentenceResult& result : results) {
    translations.push_back(result.ok() && !result->empty() ? result->front().text : "");
  }
  return Bleu(translations, references);
}

// Tells weights apart; "" for none.
std::string Fingerprint(const NamedTensors& weights) {
  if (weights.empty()) return "";
  uint32_t crc = 0;
  for (const auto& [name, value] : weights) {
    crc = Crc32(value.raw(), value.bytes(), crc);
  }
  return absl::StrCat(crc);
}

std::map<std::string, std::string> Settings(const TranslationTrainingOptions& o,
                                            const Tokenizer& tokenizer) {
  const std::string& model = tokenizer.model();
  return {{"net", o.net.ToJson()},
          {"seed", absl::StrCat(o.seed)},
          {"batch",
           o.batch_tokens > 0 ? absl::StrCat(o.batch, " ", o.batch_tokens) : absl::StrCat(o.batch)},
          {"precision", DTypeName(o.precision)},
          {"dropout", absl::StrCat(o.dropout)},
          {"label smoothing", absl::StrCat(o.label_smoothing)},
          {"learning rate",
           absl::StrCat(o.learning_rate, " ", o.warm_up, " ",
                        o.inverse_sqrt ? "inverse square root"
                                       : absl::StrCat(o.halve_from, " ", o.halve_every))},
          {"clip norm", absl::StrCat(o.clip_norm)},
          {"number of batches in an update", absl::StrCat(o.accumulate)},
          {"decay of averages", absl::StrCat(o.average_decay)},
          {"longest sentence", absl::StrCat(o.max_pieces)},
          {"tokenizer", absl::StrCat(Crc32(model.data(), model.size()))},
          {"start", Fingerprint(o.trainer.start)}};
}

}  // namespace

absl::Status TranslationTrainingOptions::Check() const {
  RETURN_IF_ERROR(net.Check());
  constexpr double kMost = 1e9;
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  return CheckRanges({{"the number of updates", number(trainer.updates), 1, kMost},
                      {"the batch", number(batch), 1, kMost},
                      {"the pieces in a batch", number(batch_tokens), 0, kMost},
                      {"the number of batches in an update", number(accumulate), 1, kMost},
                      {"the longest sentence", number(max_pieces), 1, kMost},
                      {"dropout", dropout, 0, 0.99},
                      {"label smoothing", label_smoothing, 0, 0.99},
                      {"the learning rate", learning_rate, 0, 1e3},
                      {"the warm-up", number(warm_up), 0, kMost},
                      {"the norm to clip to", clip_norm, 0, kMost},
                      {"the decay of averages", average_decay, 0, 0.999999},
                      {"the update from which the rate falls", number(halve_from), 0, kMost},
                      {"the updates in which the rate halves", number(halve_every), 1, kMost}});
}

absl::StatusOr<Tokenizer> LearnTokenizer(const std::vector<TextPair>& pairs, int vocab_size,
                                         bool words) {
  std::vector<std::string> sentences;
  for (const TextPair& pair : pairs) {
    sentences.push_back(pair.source);
    sentences.push_back(pair.target);
  }
  return Tokenizer::Train(sentences,
                          {.vocab_size = vocab_size, .symbols = CopySymbols(), .words = words});
}

Dataset TranslationBatches(const std::vector<TextPair>& pairs, const Tokenizer& tokenizer,
                           const TranslationTrainingOptions& options) {
  const bool mask = !TextCopier(tokenizer, nullptr).symbol_pieces().empty();
  const auto to_pieces = [tokenizer, mask, reverse = options.net.ends().reverse_source](
                             Example pair) -> absl::StatusOr<Example> {
    TextPair masked = {pair[0].scalar<std::string>(), pair[1].scalar<std::string>()};
    if (mask) masked = MaskPair(masked);
    ASSIGN_OR_RETURN(auto source, tokenizer.Encode(masked.source));
    ASSIGN_OR_RETURN(auto target, tokenizer.Encode(masked.target));
    return MakeExample(std::move(source), std::move(target), reverse, tokenizer);
  };
  // With the end token.
  const int64_t longest = options.max_pieces + int64_t{1};
  const auto fits = [longest](const Example& example) {
    const int64_t source = example[kSource].dim(0), target = example[kTargetIn].dim(0);
    return source > 1 && target > 1 && std::max(source, target) <= longest;
  };
  const double pad = tokenizer.pad();
  return TextPairDataset("pairs", pairs)
      .Shuffle(options.seed)
      .Map("pieces", to_pieces, options.data_threads)
      .Filter(absl::StrCat("1 to ", options.max_pieces, " pieces a side"), fits)
      .Repeat()
      .BucketByLength({.window = 8192,
                       .length_fields = {kSource, kTargetIn},
                       .max_tokens = options.batch_tokens,
                       .max_rows = options.batch,
                       .pad_values = {pad, pad, pad},
                       .seed = options.seed})
      .Prefetch(4);
}

absl::StatusOr<TrainingResult> TrainTranslator(const std::vector<TextPair>& train,
                                               const std::vector<TextPair>& validation,
                                               const Tokenizer& tokenizer,
                                               const TranslationTrainingOptions& options) {
  const Dataset batches = TranslationBatches(train, tokenizer, options);
  GraphBuilder b;
  const std::unique_ptr<TranslationNet> net = options.net.Build(b);
  RETURN_IF_ERROR(b.status());
  TrainingTask task = MakeTask(b, *net, tokenizer, options);
  Seq2SeqDecoder decoder(b, *net);
  decoder.ChooseInGraph(b);
  if (!validation.empty()) {
    task.score_name = "BLEU";
    task.score = [&](Session& session) {
      return GreedyBleu(session, decoder, tokenizer, validation);
    };
  }
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.seed = options.seed,
                                                        .precision = options.precision,
                                                        .check_numerics = options.check_numerics}));
  TrainerOptions trainer = options.trainer;
  trainer.settings = Settings(options, tokenizer);
  return Train(session, b.graph(), task, batches, trainer);
}

}  // namespace viv
