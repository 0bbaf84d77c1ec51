// The training graph of a translator, its batches, and its score.
#include "models/language/translation_training.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "models/language/bleu.h"
#include "models/language/seq2seq_decoder.h"
#include "models/language/translate_text.h"

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

TrainingTask MakeTask(const GraphBuilder& b, const Seq2Seq& net, const Tokenizer& tokenizer,
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
  const Schedule rate = Schedule(options.learning_rate)
                            .WarmUp(options.warm_up)
                            .HalveEvery(options.halve_every, options.halve_from);
  task.step =
      Adam{.learning_rate = rate, .options = {.clip_norm = options.clip_norm}}.Step(b, task.loss);
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
                   TranslateTexts(session, decoder, tokenizer, sources, {.beam = 1, .batch = 100}));
  for (const SentenceResult& result : results) {
    translations.push_back(result.ok() && !result->empty() ? result->front().text : "");
  }
  return Bleu(translations, references);
}

std::map<std::string, std::string> Settings(const TranslationTrainingOptions& o,
                                            const Tokenizer& tokenizer) {
  const std::string& model = tokenizer.model();
  return {{"net", o.net.ToJson()},
          {"seed", absl::StrCat(o.seed)},
          {"batch", absl::StrCat(o.batch)},
          {"dropout", absl::StrCat(o.dropout)},
          {"label smoothing", absl::StrCat(o.label_smoothing)},
          {"learning rate",
           absl::StrCat(o.learning_rate, " ", o.warm_up, " ", o.halve_from, " ", o.halve_every)},
          {"clip norm", absl::StrCat(o.clip_norm)},
          {"tokenizer", absl::StrCat(Crc32(model.data(), model.size()))}};
}

}  // namespace

absl::StatusOr<Tokenizer> LearnTokenizer(const std::vector<TextPair>& pairs, int vocab_size) {
  std::vector<std::string> sentences;
  for (const TextPair& pair : pairs) {
    sentences.push_back(pair.source);
    sentences.push_back(pair.target);
  }
  return Tokenizer::Train(sentences, {.vocab_size = vocab_size});
}

absl::StatusOr<Dataset> TranslationBatches(const std::vector<TextPair>& pairs,
                                           const Tokenizer& tokenizer,
                                           const TranslationTrainingOptions& options) {
  std::vector<Example> examples;
  const auto limit = static_cast<size_t>(options.max_pieces);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto pieces = [&](const std::string& text) -> absl::StatusOr<std::vector<int32_t>> {
      absl::StatusOr<std::vector<int32_t>> result = tokenizer.Encode(text);
      if (result.ok()) return result;
      return Annotate(result.status(), absl::StrCat("pair ", i + 1));
    };
    ASSIGN_OR_RETURN(std::vector<int32_t> source, pieces(pairs[i].source));
    ASSIGN_OR_RETURN(std::vector<int32_t> target, pieces(pairs[i].target));
    if (source.empty() || target.empty()) continue;
    if (source.size() > limit || target.size() > limit) continue;
    examples.push_back(
        MakeExample(std::move(source), std::move(target), options.net.reverse_source, tokenizer));
  }
  if (examples.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no pair with words on both sides and at most ",
                                                   options.max_pieces, " pieces a side"));
  }
  const double pad = tokenizer.pad();
  return Dataset::FromVector("pairs", std::move(examples))
      .Shuffle(options.seed)
      .Repeat()
      .BucketByLength({.window = 8192,
                       .length_fields = {kSource, kTargetIn},
                       .max_rows = options.batch,
                       .pad_values = {pad, pad, pad},
                       .seed = options.seed})
      .Prefetch(4);
}

absl::StatusOr<TrainingResult> TrainTranslator(const std::vector<TextPair>& train,
                                               const std::vector<TextPair>& validation,
                                               const Tokenizer& tokenizer,
                                               const TranslationTrainingOptions& options) {
  ASSIGN_OR_RETURN(const Dataset batches, TranslationBatches(train, tokenizer, options));
  GraphBuilder b;
  const Seq2Seq net(b, options.net);
  TrainingTask task = MakeTask(b, net, tokenizer, options);
  const Seq2SeqDecoder decoder(b, net);
  if (!validation.empty()) {
    task.score_name = "BLEU";
    task.score = [&](Session& session) {
      return GreedyBleu(session, decoder, tokenizer, validation);
    };
  }
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.seed = options.seed}));
  TrainerOptions trainer = options.trainer;
  trainer.settings = Settings(options, tokenizer);
  return Train(session, b.graph(), task, batches, trainer);
}

}  // namespace viv
