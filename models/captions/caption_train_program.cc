// The steps of caption_image_train.
#include "models/captions/caption_train_program.h"

#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/logging.h"
#include "core/base/status.h"
#include "core/ops/state.h"
#include "core/train/run_weights.h"
#include "models/captions/caption_evaluation.h"
#include "models/vision/each_photo.h"
#include "models/vision/photo_classifier.h"
#include "models/vision/photo_ranges.h"

namespace viv {
namespace {

constexpr char kWordsFile[] = "words.model";
// Of the Inception net in the captioner's graph.
constexpr char kPhotos[] = "photos/", kClasses[] = "photos/classes/";

// What a run begins with.
struct Start {
  CaptionNetOptions net;
  PhotoFit fit;
  NamedTensors weights;
  std::string licence;
  bool non_commercial = false;
  // Of a captioner; a run that begins with a classifier learns its own.
  std::optional<Tokenizer> tokenizer;
};

// Nobody asks a captioner for classes: as few as there can be, learnt from nothing.
Start WithoutClasses(Start start) {
  start.net.photos.classes = 1;
  for (auto it = start.weights.begin(); it != start.weights.end();) {
    it = absl::StartsWith(it->first, kClasses) ? start.weights.erase(it) : std::next(it);
  }
  return start;
}

absl::StatusOr<Start> ReadStart(const CaptionTrainProgram& program) {
  Env* env = Env::Default();
  Start start = {.net = program.options.net};
  if (!program.from.empty()) {
    ASSIGN_OR_RETURN(CaptionerParts parts, ReadCaptionerParts(env, program.from));
    return WithoutClasses({parts.net, parts.info.fit, std::move(parts.weights), parts.licence,
                           parts.info.non_commercial, parts.tokenizer});
  }
  std::string directory = program.classifier;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindClassifierBundle(env));
  }
  ASSIGN_OR_RETURN(const ClassifierParts parts, ReadClassifierParts(env, directory));
  start.net.photos = parts.net;
  start.fit = parts.info.fit;
  for (const auto& [name, value] : parts.weights) start.weights[kPhotos + name] = value;
  start.licence = parts.licence;
  start.non_commercial = parts.info.non_commercial;
  return WithoutClasses(std::move(start));
}

// The run's own where it was begun already.
absl::StatusOr<Tokenizer> TokenizerOfRun(const std::string& directory, const CaptionedImages& train,
                                         int vocabulary, const std::optional<Tokenizer>& given) {
  Env* env = Env::Default();
  const std::string path = JoinPath(directory, kWordsFile);
  if (env->FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string model, env->ReadFile(path));
    absl::StatusOr<Tokenizer> tokenizer = Tokenizer::FromModel(model);
    if (!tokenizer.ok()) return Annotate(tokenizer.status(), path);
    return tokenizer;
  }
  absl::StatusOr<Tokenizer> made =
      given ? absl::StatusOr<Tokenizer>(*given) : LearnCaptionTokenizer(train, vocabulary);
  RETURN_IF_ERROR(made.status());
  RETURN_IF_ERROR(env->CreateDirs(directory));
  RETURN_IF_ERROR(WriteFileAtomically(env, path, made->model()));
  return made;
}

std::string DescribeNet(const CaptionNetOptions& net, int64_t parameters) {
  return absl::StrFormat(
      "Inception %s for photos of %d x %d pixels, and an LSTM of %d units%s for %d words; %d "
      "parameters in 8 bits.",
      net.photos.kind, net.photos.input_size, net.photos.input_size, net.words.hidden,
      net.words.attention ? " with attention" : "", net.words.vocab_size, parameters);
}

// Calibrates, and says what the bundle is worth.
absl::Status Judge(const CaptionSplit& photos, std::ostream& out, Bundle* bundle) {
  std::vector<JudgedCaption> judged;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Captioner> captioner, Captioner::FromBundle(*bundle));
    ASSIGN_OR_RETURN(judged, DescribeAll(*captioner, photos.validation, CaptionOptions().beam));
  }
  ASSIGN_OR_RETURN(CaptionEvaluation evaluation, EvaluateCaptions(judged, &photos.train));
  if (const absl::Status calibrated = CalibrateCaptions(judged, bundle); !calibrated.ok()) {
    LOG(WARNING) << "the bundle gives no confidences: " << calibrated.message();
  } else if (const auto report = CrossReportCaptions(judged); report.ok()) {
    evaluation.confidence = *report;
  }
  const std::string text = evaluation.ToString();
  out << "validation: " << text << std::flush;
  absl::StrAppend(&bundle->files["README.md"], "\nValidation, 8-bit weights; confidences of each ",
                  "half of the photos are calibrated on the other:\n\n```\n", text, "```\n");
  return absl::OkStatus();
}

}  // namespace

absl::Status CaptionTrainProgram::Run() {
  ASSIGN_OR_RETURN(const CaptionSplit photos, ReadCaptions(data));
  ReportSkipped(photos.train.skipped, *out);
  ASSIGN_OR_RETURN(Start start, ReadStart(*this));
  to.non_commercial = to.non_commercial || start.non_commercial;
  options.net = start.net;
  options.fit = start.fit;
  if (size > 0) options.net.photos.input_size = options.fit.size = size;
  RETURN_IF_ERROR(options.fit.Check());
  RETURN_IF_ERROR(options.net.photos.Check());
  options.trainer.start = std::move(start.weights);
  options.trainer.label = "caption_image_train";
  const std::string& run = options.trainer.directory;
  ASSIGN_OR_RETURN(const Tokenizer tokenizer,
                   TokenizerOfRun(run, photos.train, vocabulary, start.tokenizer));
  options.net.words.vocab_size = tokenizer.size();
  ASSIGN_OR_RETURN(const TrainingResult result,
                   TrainCaptioner(photos.train, photos.validation, tokenizer, options));
  *out << DescribeTraining(result, absl::StrFormat("validation loss %.3f", -result.best_score))
       << std::endl;
  if (result.interrupted) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, ChosenCheckpoint(run, result));
  GraphBuilder b;
  const CaptionNet built(b, options.net);
  RETURN_IF_ERROR(b.status());
  ASSIGN_OR_RETURN(const NamedTensors weights,
                   WeightsOf(checkpoint, Variables(b.graph(), /*trainable_only=*/false), run));
  const CaptionerInfo info = {.fit = options.fit, .non_commercial = to.non_commercial};
  ASSIGN_OR_RETURN(Bundle bundle,
                   MakeCaptionerBundle(
                       info, options.net, tokenizer, weights, to.LicenceText(start.licence),
                       to.Card("A captioner of photos",
                               DescribeNet(options.net, CountNumbers(weights)), checkpoint.step)));
  const auto decode = [&](size_t i) {
    return photos.train.images[i].Decode({.min_side = info.fit.min_side()});
  };
  RETURN_IF_ERROR(RecordRanges(photos.train.images.size(), decode, &bundle));
  if (!photos.validation.images.empty()) RETURN_IF_ERROR(Judge(photos, *out, &bundle));
  if (to.directory.empty()) return absl::OkStatus();
  return WriteBundle(Env::Default(), to.directory, bundle);
}

absl::Status EvaluateCaptionsProgram::Run() const {
  Env* env = Env::Default();
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindCaptionerBundle(env));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Captioner> captioner,
                   Captioner::Load(env, directory, precision));
  ASSIGN_OR_RETURN(const CaptionSplit photos, ReadCaptions(data));
  ASSIGN_OR_RETURN(const std::vector<JudgedCaption> judged,
                   DescribeAll(*captioner, photos.validation, beam));
  ASSIGN_OR_RETURN(const CaptionEvaluation evaluation, EvaluateCaptions(judged, &photos.train));
  *out << evaluation.ToString() << std::flush;
  if (sentences.empty()) return absl::OkStatus();
  std::string text;
  for (const JudgedCaption& one : judged) {
    absl::StrAppendFormat(&text, "%s\t%s\t%.3f\n", one.name, one.caption.text,
                          one.caption.confidence.value_or(0));
  }
  return WriteFileAtomically(env, sentences, text);
}

}  // namespace viv
