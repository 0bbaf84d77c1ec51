// The training graph of a classifier, and its score.
#include "models/vision/classifier_training.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "models/layers/option_ranges.h"
#include "models/vision/photo_pipeline.h"

namespace viv {
namespace {

constexpr int kScoreBatch = 64;

// What a photo of each class counts so that all classes together count alike, 1 on average.
std::vector<float> ClassWeights(const LabelledImages& data) {
  std::vector<float> counts(data.classes.size());
  for (const LabelledImage& image : data.images) ++counts[image.label];
  std::vector<float> weights;
  for (const float count : counts) {
    weights.push_back(static_cast<float>(data.images.size()) /
                      (static_cast<float>(counts.size()) * std::max(count, 1.0f)));
  }
  return weights;
}

// What a step reads. A photo may be a mixture of two, of which the first has `share`.
struct BatchEnds {
  Output photos;              // uint8 [N, S, S, 3]
  Output label, other_label;  // int32 [N]
  Output share;               // float [N]
};

// Of logits [N, K], the mean over the batch; `class_weights`, float [K], need not be valid.
Output LossOf(const GraphBuilder& b, Output logits, const BatchEnds& ends, Output class_weights,
              const ClassifierTrainingOptions& options) {
  const auto against = [&](Output label) {
    const Output loss = SoftmaxCrossEntropy(b, logits, label, options.label_smoothing);
    return class_weights.valid() ? Mul(b, loss, Gather(b, class_weights, label)) : loss;
  };
  const Output first = against(ends.label);
  if (options.augment.mixup == 0) return Mean(b, first);
  const Output rest = Sub(b, OnesLike(b, ends.share), ends.share);
  return Mean(b, Add(b, Mul(b, ends.share, first), Mul(b, rest, against(ends.other_label))));
}

// At least one.
int64_t UpdatesIn(double passes, int64_t photos, int batch) {
  return std::max<int64_t>(1, std::llround(passes * static_cast<double>(photos) / batch));
}

OptimizerStep MakeStep(const GraphBuilder& b, const Inception& net, Output loss, int64_t updates,
                       const ClassifierTrainingOptions& options) {
  const auto rising = static_cast<int64_t>(options.warm_up * static_cast<double>(updates));
  Sgd sgd = {
      .learning_rate = Schedule(options.learning_rate).WarmUp(rising).FallToZero(rising, updates),
      .momentum = options.momentum,
      .nesterov = true,
      .weight_decay = options.weight_decay};
  if (options.tune != Tune::kAll) sgd.options.trains = net.Trains(options.tune);
  return sgd.Step(b, loss);
}

TrainingTask MakeTask(const GraphBuilder& b, const Inception& net, const LabelledImages& data,
                      int64_t updates, const ClassifierTrainingOptions& options) {
  const int64_t size = options.net.input_size;
  const BatchEnds ends = {.photos = Placeholder(b, kUInt8, {-1, size, size, 3}),
                          .label = Placeholder(b, kInt32, {-1}),
                          .other_label = Placeholder(b, kInt32, {-1}),
                          .share = Placeholder(b, kFloat, {-1})};
  const InceptionOutputs outputs =
      net.ApplyToTrain(options.recompute ? b.Recomputing() : b, ends.photos, options.tune);
  const Output class_weights =
      options.balance ? Const(b, Tensor::Vector<float>(ClassWeights(data))) : Output();
  Output loss = LossOf(b, outputs.logits, ends, class_weights, options);
  const Output main = loss;
  for (const Output logits : outputs.auxiliary) {
    const Output auxiliary = LossOf(b, logits, ends, class_weights, options);
    loss = Add(b, loss, Mul(b, auxiliary, Const(b, options.auxiliary)));
  }
  TrainingTask task = {
      .feeds = {ends.photos, ends.label, ends.other_label, ends.share},
      .loss = main,
      .step = WithUpdates(b, MakeStep(b, net, loss, updates, options), outputs.updates),
      .unit = "photos"};
  task.count_units = [](const Example& batch) { return batch[0].dim(0); };
  return task;
}

absl::StatusOr<double> ShareOfRight(Session& session, Output photos, Output logits,
                                    const Dataset& validation) {
  int64_t right = 0, all = 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<DatasetIterator> batches, validation.MakeIterator());
  while (true) {
    Example batch;
    ASSIGN_OR_RETURN(const bool more, batches->Next(&batch));
    if (!more) return all == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(all);
    ASSIGN_OR_RETURN(const std::vector<Tensor> results,
                     session.Run({{photos, batch[0]}}, {logits}));
    const int64_t classes = results[0].dim(1);
    const absl::Span<const int32_t> labels = batch[1].flat<int32_t>();
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto row = results[0].flat<float>().subspan(i * classes, classes);
      right += std::max_element(row.begin(), row.end()) - row.begin() == labels[i];
    }
    all += static_cast<int64_t>(labels.size());
  }
}

// Tells the photos apart: a run goes on only with the same ones.
std::string Fingerprint(const LabelledImages& data) {
  uint32_t crc = 0;
  for (const LabelledImage& image : data.images) {
    const std::string line = absl::StrCat(image.Name(), "\t", image.label, "\n");
    crc = Crc32(line.data(), line.size(), crc);
  }
  return absl::StrCat(data.images.size(), " photos, ", crc);
}

std::map<std::string, std::string> Settings(const ClassifierTrainingOptions& o,
                                            const LabelledImages& data) {
  return {{"net", o.net.ToJson()},
          {"seed", absl::StrCat(o.seed)},
          {"batch", absl::StrCat(o.batch)},
          {"precision", DTypeName(o.precision)},
          {"part that is trained", absl::StrCat(static_cast<int>(o.tune))},
          {"photos", Fingerprint(data)},
          {"augmentation", o.augment.ToString()},
          {"learning rate", absl::StrCat(o.learning_rate, " ", o.warm_up, " ", o.passes)},
          {"momentum", absl::StrCat(o.momentum)},
          {"weight decay", absl::StrCat(o.weight_decay)},
          {"label smoothing", absl::StrCat(o.label_smoothing)},
          {"weight of auxiliary heads", absl::StrCat(o.auxiliary)},
          {"balance", o.balance ? "yes" : "no"}};
}

}  // namespace

absl::StatusOr<Tune> ParseTune(const std::string& name) {
  if (name == "head") return Tune::kHead;
  if (name == "last") return Tune::kLast;
  if (name == "all") return Tune::kAll;
  return absl::InvalidArgumentError(
      absl::StrCat("what is tuned is head, last or all, not '", name, "'"));
}

absl::Status ClassifierTrainingOptions::Check() const {
  RETURN_IF_ERROR(net.Check());
  RETURN_IF_ERROR(augment.Check());
  return CheckRanges(
      {{"the batch", static_cast<double>(batch), 1, 65536},
       {"the number of passes", passes, 1e-6, 1e6},
       {"the number of passes between scores", score_passes, 0, 1e6},
       {"the number of threads for photos", static_cast<double>(data_threads), 1, 256},
       {"the learning rate", learning_rate, 0, 1e3},
       {"the share of the warm-up", warm_up, 0, 1},
       {"momentum", momentum, 0, 0.9999},
       {"weight decay", weight_decay, 0, 1},
       {"label smoothing", label_smoothing, 0, 0.99},
       {"the weight of auxiliary heads", auxiliary, 0, 10}});
}

absl::StatusOr<ClassifierTrainingResult> TrainClassifier(const LabelledImages& train,
                                                         const LabelledImages& validation,
                                                         const ClassifierTrainingOptions& options) {
  RETURN_IF_ERROR(options.Check());
  RETURN_IF_ERROR(CheckTrainable(train));
  if (static_cast<int64_t>(train.classes.size()) != options.net.classes) {
    return absl::InvalidArgumentError(absl::StrCat("the net tells ", options.net.classes,
                                                   " classes apart, the photos have ",
                                                   train.classes.size()));
  }
  PhotoBatchOptions batches = {.size = options.net.input_size,
                               .batch = options.batch,
                               .augment = options.augment,
                               .seed = options.seed,
                               .threads = options.data_threads};
  const auto size = static_cast<int64_t>(train.images.size());
  const int64_t updates = UpdatesIn(options.passes, size, options.batch);
  GraphBuilder b;
  const Inception net(b, options.net);
  TrainingTask task = MakeTask(b, net, train, updates, options);
  const Output photos = Placeholder(b, kUInt8, task.feeds[0].shape());
  const Output logits = net.Apply(b, photos).logits;
  if (!validation.images.empty()) {
    task.score_name = "accuracy";
    task.score = [&, data = FittedPhotos(validation, options.fit, kScoreBatch)](Session& session) {
      return ShareOfRight(session, photos, logits, data);
    };
  }
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.seed = options.seed,
                                                        .precision = options.precision,
                                                        .check_numerics = options.check_numerics}));
  TrainerOptions trainer = options.trainer;
  trainer.updates = updates;
  if (options.score_passes > 0 && !validation.images.empty()) {
    trainer.score_every = UpdatesIn(options.score_passes, size, options.batch);
  }
  trainer.settings = Settings(options, train);
  const PhotoBatches data(train, batches);
  ASSIGN_OR_RETURN(const TrainingResult result,
                   Train(session, b.graph(), task, data.dataset(), trainer));
  return ClassifierTrainingResult{result, data.bad_photos()};
}

}  // namespace viv
