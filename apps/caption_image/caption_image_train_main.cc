// caption_image_train: learns to say in sentences what is on photos.
#include "apps/export_flags.h"
#include "apps/program.h"
#include "apps/run_flags.h"
#include "core/base/status.h"
#include "models/captions/caption_train_program.h"

DEFINE_string(data, "",
              "photos with sentences: flickr8k:PATH (the data set's folder or archive), or "
              "coco:ANNOTATIONS,PHOTOS (a file in COCO's format and the photos' folder)");
DEFINE_string(classifier, "",
              "classifier's bundle whose net sees the photos; the one that comes with the program "
              "where empty");
DEFINE_string(from, "", "captioner's bundle that a run begins with, in place of a classifier's");
DEFINE_bool(train_photos, false, "train the net that sees the photos, too");
DEFINE_int32(size, 0,
             "width and height that photos are brought to, in place of what the bundle says");
DEFINE_int32(vocabulary, 2500, "words that it can say, the most frequent ones");
DEFINE_int32(embed, 256, "width of the words' embedding");
DEFINE_int32(hidden, 384, "units of the LSTM");
DEFINE_int32(features, 256, "what the words' net keeps of each place's features");
DEFINE_bool(attention, true, "look at places of the photo word by word; else at all of it once");
DEFINE_double(passes, 0, "rounds over the photos; 0: 20, or 5 --from a captioner");
DEFINE_int32(batch, 32, "photos in a batch, each with all of its sentences");
DEFINE_string(precision, "f32",
              "f32, or bf16: faster, with weights that stay f32; with --evaluate int8 too");
DEFINE_double(learning_rate, 0, "highest learning rate; 0: 0.002, or 0.0003 --from a captioner");
DEFINE_double(warm_up, 0.05, "share of the run in which the learning rate rises to that");
DEFINE_double(dropout, 0.4, "share of activations that are dropped in training");
DEFINE_double(label_smoothing, 0.1, "probability that is spread over all words");
DEFINE_double(clip_norm, 1, "largest norm of the gradient; 0: any");
DEFINE_double(min_area, 0.7, "least share of a photo that a random crop shows");
DEFINE_bool(flip, true, "mirror half of the photos");
DEFINE_double(colour, 0.2, "how much brightness, contrast and saturation are varied");
DEFINE_double(score_passes, 1, "passes between scores of the validation photos; 0: none");
DEFINE_int32(checkpoint_every, 100, "updates between checkpoints");
DEFINE_int32(data_threads, 2, "threads that decode and augment photos");
DEFINE_int32(seed, 1, "seed of all random numbers");
DEFINE_string(
    evaluate, "",
    "photos in the form of --data: prints what the sentences of the bundle of --model are "
    "worth on those held out");
DEFINE_string(model, "", "bundle to evaluate; the one that comes with the program where empty");
DEFINE_int32(beam, 3, "sentences that the search of --evaluate keeps");
DEFINE_string(sentences, "", "file for the sentences of --evaluate");

constexpr char kUsageText[] =
    "learns to say in sentences what is on photos.\n\n"
    "  caption_image_train --data flickr8k:flickr8k.tar --run runs/words --export_to "
    "bundles/words\n"
    "  caption_image_train --data flickr8k:flickr8k.tar --from bundles/words --train_photos \\\n"
    "    --run runs/all --export_to bundles/all\n"
    "  caption_image --model bundles/all photo.jpg\n"
    "  caption_image_train --evaluate flickr8k:flickr8k.tar --model bundles/all\n\n"
    "The net that sees the photos comes from a classifier (see classify_image_train); at first "
    "only\n"
    "the words are learnt, then --train_photos makes both fit each other. Ctrl-C ends a run with "
    "a\n"
    "checkpoint; the same command goes on from there.";

namespace viv {
namespace {

// What is wrong with the flags; "" for nothing.
std::string WrongFlags(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return "what is '" + arguments[0] + "'?";
  if (FLAGS_data.empty() && !FLAGS_evaluate.empty()) {
    return FLAGS_beam < 1 ? "--beam is at least 1" : "";
  }
  if (!FLAGS_evaluate.empty()) return "--evaluate and --data are two commands";
  if (FLAGS_data.empty() || FLAGS_run.empty()) return "--data and --run are needed";
  const std::string against =
      FLAGS_from.empty()
          ? ""
          : FirstGiven({"classifier", "vocabulary", "embed", "hidden", "features", "attention"});
  return against.empty() ? "" : "--" + against + " is what the bundle of --from says";
}

absl::StatusOr<CaptionTrainingOptions> OptionsOfFlags() {
  const bool from = !FLAGS_from.empty();
  CaptionTrainingOptions options;
  options.net.words = {.embed = FLAGS_embed,
                       .encoder_hidden = FLAGS_features / 2,
                       .hidden = FLAGS_hidden,
                       .attention = FLAGS_attention};
  options.train_photos = FLAGS_train_photos;
  ASSIGN_OR_RETURN(options.precision, ParsePrecision(FLAGS_precision));
  if (options.precision == kInt8) {
    return absl::InvalidArgumentError("--precision int8 is for captions, not for training");
  }
  options.augment = {.min_area = static_cast<float>(FLAGS_min_area),
                     .flip = FLAGS_flip,
                     .colour = static_cast<float>(FLAGS_colour)};
  options.seed = static_cast<uint64_t>(FLAGS_seed);
  options.batch = FLAGS_batch;
  options.data_threads = FLAGS_data_threads;
  options.passes = FLAGS_passes > 0 ? FLAGS_passes : from ? 5 : 20;
  options.score_passes = FLAGS_score_passes;
  options.dropout = static_cast<float>(FLAGS_dropout);
  options.label_smoothing = static_cast<float>(FLAGS_label_smoothing);
  const double rate = FLAGS_learning_rate > 0 ? FLAGS_learning_rate : from ? 3e-4 : 2e-3;
  options.learning_rate = static_cast<float>(rate);
  options.warm_up = static_cast<float>(FLAGS_warm_up);
  options.clip_norm = static_cast<float>(FLAGS_clip_norm);
  options.check_numerics = FLAGS_check_numerics;
  options.trainer = TrainerOfFlags();
  options.trainer.checkpoint_every = FLAGS_checkpoint_every;
  return options;
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  using namespace viv;
  const std::vector<std::string> command_line(argv, argv + argc);
  const auto arguments = BeginProgram(argc, argv, "caption_image_train", kUsageText);
  if (const std::string wrong = WrongFlags(arguments); !wrong.empty()) return FailUsage(wrong);
  if (FLAGS_data.empty()) {
    const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
    if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
    const absl::Status evaluated = EvaluateCaptionsProgram{.bundle = FLAGS_model,
                                                           .data = FLAGS_evaluate,
                                                           .sentences = FLAGS_sentences,
                                                           .beam = FLAGS_beam,
                                                           .precision = *precision}
                                       .Run();
    return evaluated.ok() ? kSuccess : Fail(evaluated);
  }
  const absl::StatusOr<CaptionTrainingOptions> options = OptionsOfFlags();
  if (!options.ok()) return FailUsage(std::string(options.status().message()));
  CaptionTrainProgram program = {.data = FLAGS_data,
                                 .from = FLAGS_from,
                                 .classifier = FLAGS_classifier,
                                 .size = FLAGS_size,
                                 .options = *options,
                                 .vocabulary = FLAGS_vocabulary,
                                 .to = ExportOfFlags(FLAGS_data, command_line)};
  const absl::Status trained = program.Run();
  return trained.ok() ? kSuccess : Fail(trained);
}
