// The training graph of a captioner, and its score.
#include "models/captions/caption_training.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "models/layers/option_ranges.h"

namespace viv {
namespace {

// At least one.
int64_t UpdatesIn(double passes, int64_t photos, int batch) {
  return std::max<int64_t>(1, std::llround(passes * static_cast<double>(photos) / batch));
}

// What is fed, in the order of CaptionField.
std::vector<Output> MakeFeeds(const GraphBuilder& b, int64_t size) {
  return {Placeholder(b, kUInt8, {-1, size, size, 3}), Placeholder(b, kInt32, {-1}),
          Placeholder(b, kInt32, {-1, -1}), Placeholder(b, kInt32, {-1, -1}),
          Placeholder(b, kInt32, {-1})};
}

Output LossOf(const GraphBuilder& b, const CaptionNet& net, const std::vector<Output>& feeds,
              const NetLossOptions& options, bool train_photos, std::vector<Output>* updates) {
  const auto time_first = [&](CaptionField field) { return Transpose(b, feeds[field], {1, 0}); };
  return net.Loss(b, feeds[kPhotos], feeds[kPhotoOf], time_first(kTargetIn), time_first(kTargetOut),
                  feeds[kTargetLengths], options, train_photos, updates);
}

TrainingTask MakeTask(const GraphBuilder& b, const CaptionNet& net, const Tokenizer& tokenizer,
                      int64_t updates, const CaptionTrainingOptions& options) {
  TrainingTask task = {.feeds = MakeFeeds(b, options.net.photos.input_size), .unit = "sentences"};
  std::vector<Output> statistics;
  task.loss = LossOf(b, net, task.feeds,
                     {.dropout = options.dropout,
                      .label_smoothing = options.label_smoothing,
                      .pad = tokenizer.pad()},
                     options.train_photos, &statistics);
  const auto rising = static_cast<int64_t>(options.warm_up * static_cast<double>(updates));
  const OptimizerOptions optimizer = {.clip_norm = options.clip_norm,
                                      .trains = net.Trains(options.train_photos)};
  const OptimizerStep step =
      Adam{.learning_rate =
               Schedule(options.learning_rate).WarmUp(rising).FallToZero(rising, updates),
           .options = optimizer}
          .Step(b, task.loss);
  task.step = WithUpdates(b, step, statistics);
  task.count_units = [](const Example& batch) { return batch[kTargetLengths].dim(0); };
  return task;
}

// The mean over pieces: batches weigh as many as they have.
absl::StatusOr<double> MeanLoss(Session& session, const std::vector<Output>& feeds, Output loss,
                                const Dataset& validation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<DatasetIterator> batches, validation.MakeIterator());
  double sum = 0, pieces = 0;
  while (true) {
    Example batch;
    ASSIGN_OR_RETURN(const bool more, batches->Next(&batch));
    if (!more) return sum / std::max(pieces, 1.0);
    Feeds fed;
    for (size_t i = 0; i < feeds.size(); ++i) fed.emplace_back(feeds[i], batch[i]);
    ASSIGN_OR_RETURN(const std::vector<Tensor> results, session.Run(fed, {loss}));
    double count = 0;
    for (const int32_t length : batch[kTargetLengths].flat<int32_t>()) count += length;
    sum += count * results[0].scalar<float>();
    pieces += count;
  }
}

std::map<std::string, std::string> Settings(const CaptionTrainingOptions& o,
                                            const Tokenizer& tokenizer, int64_t photos) {
  const std::string& model = tokenizer.model();
  uint32_t start = 0;
  for (const auto& [name, value] : o.trainer.start)
    start = Crc32(value.raw(), value.bytes(), start);
  return {{"net", o.net.photos.ToJson() + o.net.words.ToJson()},
          {"trained part", o.train_photos ? "all" : "words"},
          {"seed", absl::StrCat(o.seed)},
          {"batch", absl::StrCat(o.batch)},
          {"number of photos", absl::StrCat(photos)},
          {"precision", DTypeName(o.precision)},
          {"augmentation", o.augment.ToString()},
          {"dropout", absl::StrCat(o.dropout)},
          {"label smoothing", absl::StrCat(o.label_smoothing)},
          {"learning rate", absl::StrCat(o.learning_rate, " ", o.warm_up, " ", o.passes)},
          {"clip norm", absl::StrCat(o.clip_norm)},
          {"tokenizer", absl::StrCat(Crc32(model.data(), model.size()))},
          {"start", absl::StrCat(start)}};
}

}  // namespace

absl::Status CaptionTrainingOptions::Check() const {
  RETURN_IF_ERROR(net.Check());
  RETURN_IF_ERROR(augment.Check());
  return CheckRanges(
      {{"the batch", static_cast<double>(batch), 1, 65536},
       {"the number of passes", passes, 1e-6, 1e6},
       {"the number of passes between scores", score_passes, 0, 1e6},
       {"the number of threads for photos", static_cast<double>(data_threads), 1, 256},
       {"dropout", dropout, 0, 0.99},
       {"label smoothing", label_smoothing, 0, 0.99},
       {"the learning rate", learning_rate, 0, 1e3},
       {"the share of the warm-up", warm_up, 0, 1},
       {"the norm to clip to", clip_norm, 0, 1e9}});
}

absl::StatusOr<Tokenizer> LearnCaptionTokenizer(const CaptionedImages& photos, int vocab_size) {
  std::vector<std::string> sentences;
  for (const CaptionedImage& image : photos.images) {
    for (const std::string& caption : image.captions) sentences.push_back(PlainCaption(caption));
  }
  return Tokenizer::Train(sentences, {.vocab_size = vocab_size, .words = true});
}

absl::StatusOr<TrainingResult> TrainCaptioner(const CaptionedImages& train,
                                              const CaptionedImages& validation,
                                              const Tokenizer& tokenizer,
                                              const CaptionTrainingOptions& options) {
  RETURN_IF_ERROR(options.Check());
  if (train.images.empty()) return absl::InvalidArgumentError("there are no photos to train on");
  const CaptionBatchOptions batches = {.size = options.net.photos.input_size,
                                       .batch = options.batch,
                                       .augment = options.augment,
                                       .seed = options.seed,
                                       .threads = options.data_threads};
  const auto photos = static_cast<int64_t>(train.images.size());
  const int64_t updates = UpdatesIn(options.passes, photos, options.batch);
  GraphBuilder b;
  const CaptionNet net(b, options.net);
  TrainingTask task = MakeTask(b, net, tokenizer, updates, options);
  TrainerOptions trainer = options.trainer;
  trainer.updates = updates;
  trainer.settings = Settings(options, tokenizer, photos);
  if (!validation.images.empty()) {
    const std::vector<Output> feeds = MakeFeeds(b, options.net.photos.input_size);
    const Output loss = LossOf(b, net, feeds, {.pad = tokenizer.pad()}, false, nullptr);
    const Dataset data = FittedCaptions(validation, tokenizer, options.fit, batches);
    task.score_name = "negative loss";
    task.score = [=](Session& session) -> absl::StatusOr<double> {
      ASSIGN_OR_RETURN(const double mean, MeanLoss(session, feeds, loss, data));
      return -mean;
    };
    if (options.score_passes > 0) {
      trainer.score_every = UpdatesIn(options.score_passes, photos, options.batch);
    }
  }
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.seed = options.seed,
                                                        .precision = options.precision,
                                                        .check_numerics = options.check_numerics}));
  return Train(session, b.graph(), task, CaptionBatches(train, tokenizer, batches), trainer);
}

}  // namespace viv
