// The steps of classify_image_train.
#include "models/vision/classifier_train_program.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/logging.h"
#include "core/base/status.h"
#include "core/train/event_file.h"
#include "core/train/png.h"
#include "core/train/run_weights.h"
#include "datasets/cifar10/cifar10.h"
#include "models/vision/each_photo.h"
#include "models/vision/photo_ranges.h"

namespace viv {
namespace {

absl::StatusOr<ImageSplit> ReadPart(absl::string_view spec) {
  if (absl::ConsumePrefix(&spec, "cifar10:")) {
    ASSIGN_OR_RETURN(Cifar10 data, ReadCifar10(Env::Default(), std::string(spec)));
    return ImageSplit{std::move(data.train), std::move(data.validation)};
  }
  return ReadImageSplit(Env::Default(), std::string(spec));
}

// All photos at `spec`, whatever split they come in.
absl::StatusOr<LabelledImages> ReadAllPhotos(const std::string& spec) {
  ASSIGN_OR_RETURN(ImageSplit split, ReadPhotos(spec));
  LabelledImages all = std::move(split.train);
  all.images.insert(all.images.end(), split.validation.images.begin(),
                    split.validation.images.end());
  return all;
}

std::string Describe(const ClassifierTrainingResult& result) {
  std::string text = DescribeTraining(
      result.training, absl::StrFormat("accuracy %.2f %%", 100 * result.training.best_score));
  if (result.bad_photos > 0) {
    absl::StrAppend(&text, "\n", result.bad_photos, " photos could not be read and were skipped");
  }
  return text;
}

// The picture and the table, into the run's directory; the picture also into its event files.
absl::Status WriteConfusion(const ConfusionMatrix& confusion, const std::string& run,
                            int64_t update) {
  Env* env = Env::Default();
  ASSIGN_OR_RETURN(const Tensor drawing, confusion.Draw());
  ASSIGN_OR_RETURN(const std::string png, EncodePng(drawing));
  RETURN_IF_ERROR(WriteFileAtomically(env, JoinPath(run, "confusion.png"), png));
  RETURN_IF_ERROR(WriteFileAtomically(env, JoinPath(run, "confusion.tsv"), confusion.ToTsv()));
  ASSIGN_OR_RETURN(const std::unique_ptr<EventFile> events,
                   EventFile::Create(env, JoinPath(run, "events"), {.first_step = update + 1}));
  RETURN_IF_ERROR(events->AddImage(update, "validation/confusion", drawing));
  return events->Close();
}

}  // namespace

absl::StatusOr<ImageSplit> ReadPhotos(const std::string& spec) {
  std::vector<LabelledImages> train, validation;
  for (const absl::string_view part : absl::StrSplit(spec, ';')) {
    ASSIGN_OR_RETURN(ImageSplit split, ReadPart(part));
    train.push_back(std::move(split.train));
    validation.push_back(std::move(split.validation));
  }
  if (train.size() == 1) return ImageSplit{std::move(train[0]), std::move(validation[0])};
  return ImageSplit{MergeImages(std::move(train)), MergeImages(std::move(validation))};
}

namespace {

// One run of the program.
class TrainRun {
 public:
  explicit TrainRun(ClassifierTrainProgram* program)
      : program_(*program), options_(program->options) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Read());
    if (!program_.from.empty()) RETURN_IF_ERROR(BeginWith(program_.from));
    options_.net.classes = static_cast<int>(labels_.size());
    options_.trainer.label = "classify_image_train";
    ASSIGN_OR_RETURN(const ClassifierTrainingResult result,
                     TrainClassifier(photos_.train, photos_.validation, options_));
    *program_.out << Describe(result) << std::endl;
    if (result.training.interrupted) return absl::OkStatus();
    ASSIGN_OR_RETURN(Bundle bundle, MakeBundle(result.training));
    if (!photos_.validation.images.empty()) RETURN_IF_ERROR(Judge(result.training, &bundle));
    if (program_.to.directory.empty()) return absl::OkStatus();
    return WriteBundle(Env::Default(), program_.to.directory, bundle);
  }

 private:
  absl::Status Read() {
    ASSIGN_OR_RETURN(photos_, ReadPhotos(program_.data));
    labels_ = LabelsOf(photos_.train.classes);
    RETURN_IF_ERROR(CheckTrainable(photos_.train));
    ReportSkipped(photos_.train.skipped, *program_.out);
    if (program_.validation.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(LabelledImages validation, ReadAllPhotos(program_.validation));
    ASSIGN_OR_RETURN(photos_.validation, MatchLabels(std::move(validation), labels_));
    return absl::OkStatus();
  }

  absl::Status BeginWith(const std::string& bundle) {
    ASSIGN_OR_RETURN(start_, ReadClassifierParts(Env::Default(), bundle));
    options_.net = start_->net;
    options_.fit = start_->info.fit;
    if (program_.size > 0) options_.net.input_size = options_.fit.size = program_.size;
    NamedTensors weights = start_->weights;
    if (start_->info.labels != labels_) {
      GraphBuilder b;
      const auto is_head = Inception(b, options_.net).Trains(Tune::kHead);
      for (const Variable& v : Variables(b.graph(), /*trainable_only=*/true)) {
        if (is_head(v)) weights.erase(v.name());
      }
    }
    options_.trainer.start = std::move(weights);
    program_.to.non_commercial = program_.to.non_commercial || start_->info.non_commercial;
    return absl::OkStatus();
  }

  absl::StatusOr<Bundle> MakeBundle(const TrainingResult& result) {
    const std::string& run = options_.trainer.directory;
    ASSIGN_OR_RETURN(const Checkpoint checkpoint, ChosenCheckpoint(run, result));
    InceptionOptions net = options_.net;
    net.auxiliary = false;
    GraphBuilder b;
    const Inception built(b, net);
    RETURN_IF_ERROR(b.status());
    ASSIGN_OR_RETURN(const NamedTensors weights,
                     WeightsOf(checkpoint, Variables(b.graph(), /*trainable_only=*/false), run));
    const ClassifierInfo info = {
        .labels = labels_, .fit = options_.fit, .non_commercial = program_.to.non_commercial};
    const std::string described = absl::StrFormat(
        "Inception %s, for %d classes and photos of %d x %d pixels; %d parameters in 8 bits.",
        net.kind, labels_.size(), net.input_size, net.input_size, CountNumbers(weights));
    ASSIGN_OR_RETURN(Bundle bundle,
                     MakeClassifierBundle(
                         info, net, weights, program_.to.LicenceText(start_ ? start_->licence : ""),
                         program_.to.Card("A classifier of photos", described, checkpoint.step)));
    const auto decode = [&](size_t i) {
      return photos_.train.images[i].Decode({.min_side = info.fit.min_side()});
    };
    RETURN_IF_ERROR(RecordRanges(photos_.train.images.size(), decode, &bundle));
    return bundle;
  }

  // Calibrates, and says what the bundle is worth.
  absl::Status Judge(const TrainingResult& result, Bundle* bundle) {
    ASSIGN_OR_RETURN(const std::unique_ptr<PhotoClassifier> classifier,
                     PhotoClassifier::FromBundle(*bundle));
    ASSIGN_OR_RETURN(const JudgedPhotos judged, JudgePhotos(*classifier, photos_.validation));
    ASSIGN_OR_RETURN(ClassifierEvaluation evaluation, EvaluateClassifier(*classifier, judged));
    if (const absl::Status calibrated = CalibrateBundle(judged.examples, bundle);
        !calibrated.ok()) {
      LOG(WARNING) << "the bundle gives no confidences: " << calibrated.message();
    } else if (const auto report = CrossReportConfidence(judged.examples); report.ok()) {
      evaluation.confidence = *report;
    }
    const std::string text = evaluation.ToString();
    *program_.out << "validation: " << text << std::flush;
    absl::StrAppend(&bundle->files["README.md"],
                    "\nValidation, 8-bit weights; confidences of each ",
                    "half of the photos are calibrated on the other:\n\n```\n", text, "```\n");
    return WriteConfusion(evaluation.confusion, options_.trainer.directory, result.updates);
  }

  ClassifierTrainProgram& program_;
  ClassifierTrainingOptions options_;
  ImageSplit photos_;
  std::vector<std::string> labels_;
  std::optional<ClassifierParts> start_;
};

}  // namespace

absl::Status ClassifierTrainProgram::Run() { return TrainRun(this).Run(); }

absl::Status EvaluateClassifierProgram::Run() const {
  Env* env = Env::Default();
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindClassifierBundle(env));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<PhotoClassifier> classifier,
                   PhotoClassifier::Load(env, directory, precision));
  ASSIGN_OR_RETURN(ImageSplit photos, ReadPhotos(data));
  if (photos.validation.images.empty()) photos.validation = std::move(photos.train);
  ASSIGN_OR_RETURN(const LabelledImages matched,
                   MatchLabels(std::move(photos.validation), classifier->info().labels));
  ASSIGN_OR_RETURN(const JudgedPhotos judged, JudgePhotos(*classifier, matched));
  ASSIGN_OR_RETURN(const ClassifierEvaluation evaluation, EvaluateClassifier(*classifier, judged));
  *out << evaluation.ToString() << std::flush;
  if (table.empty()) return absl::OkStatus();
  if (!absl::EndsWith(table, ".png")) {
    return WriteFileAtomically(env, table, evaluation.confusion.ToTsv());
  }
  ASSIGN_OR_RETURN(const Tensor drawing, evaluation.confusion.Draw());
  ASSIGN_OR_RETURN(const std::string png, EncodePng(drawing));
  return WriteFileAtomically(env, table, png);
}

}  // namespace viv
