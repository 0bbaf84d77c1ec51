// classify_image_train: learns to classify photos.
#include "apps/export_flags.h"
#include "apps/program.h"
#include "apps/run_flags.h"
#include "core/base/status.h"
#include "models/vision/classifier_train_program.h"

DEFINE_string(data, "",
              "photos: a folder or archive with one folder a class, a table of path,label (.csv, "
              ".tsv) or TFRecord files; 'cifar10:' before where that data set lies; several with "
              "';'. What has train/ and val/ is split so, else every tenth photo of a class is "
              "held out");
DEFINE_string(validation, "", "photos to validate with, in place of those held out");
DEFINE_string(from, "", "bundle whose net, weights and preprocessing a run begins with");
DEFINE_string(tune, "",
              "what of the net is trained: head, last (the last block too) or all; head where a "
              "run begins --from a bundle, else all");
DEFINE_string(net, "v1_norm",
              "v1 (GoogLeNet as published), v1_norm (with batch norm), v3 or small (of 32 x 32)");
DEFINE_int32(size, 0,
             "width and height that photos are brought to; 0: 224, or what the bundle of --from "
             "says");
DEFINE_bool(stretch, false,
            "bring photos to that by stretching them, not by cutting off what is too wide or too "
            "high: for photos that were stretched to squares before");
DEFINE_string(stem, "published", "published, or gentle: for a --size of 64 to 160");
DEFINE_double(dropout, 0.2, "share of the features that are dropped in training");
DEFINE_double(passes, 0, "rounds over the photos; 0: 20, or 30 --from a bundle");
DEFINE_int32(batch, 0, "photos in a batch; 0: 64, or 32 --from a bundle");
DEFINE_string(precision, "f32",
              "f32, or bf16: faster, with weights that stay f32; with --evaluate int8 too");
DEFINE_double(learning_rate, 0, "highest learning rate; 0: 0.1, or 0.02 --from a bundle");
DEFINE_double(warm_up, 0.1, "share of the run in which the learning rate rises to that");
DEFINE_double(momentum, 0.9, "of the gradient");
DEFINE_double(weight_decay, 5e-4, "pull of the weights towards 0");
DEFINE_double(label_smoothing, 0.1, "probability that is spread over all classes");
DEFINE_double(auxiliary, 0.3, "weight of the losses of auxiliary heads");
DEFINE_bool(balance, false, "let all classes count alike, however many photos they have");
DEFINE_double(min_area, 0.35, "least share of a photo that a random crop shows");
DEFINE_bool(flip, true, "mirror half of the photos");
DEFINE_double(colour, 0.3, "how much brightness, contrast and saturation are varied");
DEFINE_double(cutout, 0, "share of the width of a square that is blotted out");
DEFINE_double(mixup, 0, "how much photos of a batch are mixed (alpha); 0: not");
DEFINE_double(score_passes, 1, "passes between scores of the validation photos; 0: none");
DEFINE_int32(checkpoint_every, 100, "updates between checkpoints");
DEFINE_int32(data_threads, 2, "threads that decode and augment photos");
DEFINE_int32(seed, 1, "seed of all random numbers");
DEFINE_bool(recompute, false,
            "take less memory and more time: compute norms and the like again for gradients, in "
            "place of keeping them; the weights are the same");
DEFINE_string(evaluate, "",
              "photos in the form of --data: prints how well the bundle of --model classifies "
              "what of them is held out");
DEFINE_string(model, "", "bundle to evaluate; the one that comes with the program where empty");
DEFINE_string(confusion, "", "file for what --evaluate finds taken for what: .png or .tsv");

constexpr char kUsageText[] =
    "learns to classify photos.\n\n"
    "  classify_image_train --data photos/ --from pretrained/inception_photos --run runs/own \\\n"
    "    --export_to bundles/own\n"
    "  classify_image --model bundles/own photo.jpg\n"
    "  classify_image_train --data photos/ --run runs/scratch --size 128 --stem gentle\n"
    "  classify_image_train --evaluate photos/ --model bundles/own --confusion confusion.png\n\n"
    "photos/ has one folder of photos for each class, named after it. Ctrl-C ends a run with a\n"
    "checkpoint; the same command goes on from there. The run's directory gets curves.png,\n"
    "confusion.png and files for TensorBoard. Photos that cannot be read are named and skipped.";

namespace viv {
namespace {

// What is wrong with the flags; "" for nothing.
std::string WrongFlags(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return "what is '" + arguments[0] + "'?";
  if (FLAGS_data.empty() && !FLAGS_evaluate.empty()) return "";
  if (!FLAGS_evaluate.empty()) return "--evaluate and --data are two commands";
  if (FLAGS_data.empty() || FLAGS_run.empty()) return "--data and --run are needed";
  const std::string against =
      FLAGS_from.empty() ? "" : FirstGiven({"net", "stretch", "stem", "dropout"});
  return against.empty() ? "" : "--" + against + " is what the bundle of --from says";
}

template <typename T>
T FlagOr(T flag, T usual) {
  return flag > 0 ? flag : usual;
}

absl::StatusOr<ClassifierTrainingOptions> OptionsOfFlags() {
  const bool from = !FLAGS_from.empty();
  ClassifierTrainingOptions options;
  options.net.kind = FLAGS_net;
  options.net.stem = FLAGS_stem;
  options.net.input_size = FlagOr(FLAGS_size, 224);
  options.net.auxiliary = !from && FLAGS_auxiliary > 0 && FLAGS_net != "small";
  options.net.dropout = static_cast<float>(FLAGS_dropout);
  options.fit = {.size = options.net.input_size, .stretch = FLAGS_stretch};
  ASSIGN_OR_RETURN(options.tune, ParseTune(!FLAGS_tune.empty() ? FLAGS_tune
                                           : from              ? "head"
                                                               : "all"));
  ASSIGN_OR_RETURN(options.precision, ParsePrecision(FLAGS_precision));
  if (options.precision == kInt8) {
    return absl::InvalidArgumentError("--precision int8 is for classifying, not training");
  }
  options.augment = {.min_area = static_cast<float>(FLAGS_min_area),
                     .flip = FLAGS_flip,
                     .colour = static_cast<float>(FLAGS_colour),
                     .cutout = static_cast<float>(FLAGS_cutout),
                     .mixup = static_cast<float>(FLAGS_mixup)};
  options.seed = static_cast<uint64_t>(FLAGS_seed);
  options.batch = FlagOr(FLAGS_batch, from ? 32 : 64);
  options.data_threads = FLAGS_data_threads;
  options.passes = FlagOr(FLAGS_passes, from ? 30.0 : 20.0);
  options.learning_rate = static_cast<float>(FlagOr(FLAGS_learning_rate, from ? 0.02 : 0.1));
  options.warm_up = static_cast<float>(FLAGS_warm_up);
  options.momentum = static_cast<float>(FLAGS_momentum);
  options.weight_decay = static_cast<float>(FLAGS_weight_decay);
  options.label_smoothing = static_cast<float>(FLAGS_label_smoothing);
  options.auxiliary = static_cast<float>(FLAGS_auxiliary);
  options.balance = FLAGS_balance;
  options.score_passes = FLAGS_score_passes;
  options.recompute = FLAGS_recompute;
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
  const auto arguments = BeginProgram(argc, argv, "classify_image_train", kUsageText);
  if (const std::string wrong = WrongFlags(arguments); !wrong.empty()) return FailUsage(wrong);
  if (FLAGS_data.empty()) {
    const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
    if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
    const absl::Status evaluated = EvaluateClassifierProgram{.bundle = FLAGS_model,
                                                             .data = FLAGS_evaluate,
                                                             .table = FLAGS_confusion,
                                                             .precision = *precision}
                                       .Run();
    return evaluated.ok() ? kSuccess : Fail(evaluated);
  }
  const absl::StatusOr<ClassifierTrainingOptions> options = OptionsOfFlags();
  if (!options.ok()) return FailUsage(std::string(options.status().message()));
  ClassifierTrainProgram program = {.data = FLAGS_data,
                                    .validation = FLAGS_validation,
                                    .from = FLAGS_from,
                                    .size = FLAGS_size,
                                    .options = *options,
                                    .to = ExportOfFlags(FLAGS_data, command_line)};
  const absl::Status trained = program.Run();
  return trained.ok() ? kSuccess : Fail(trained);
}
