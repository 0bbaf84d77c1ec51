// The steps of translate_train.
#include "models/language/train_program.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/file.h"
#include "core/base/logging.h"
#include "core/base/status.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/state.h"
#include "core/train/run_weights.h"
#include "datasets/tatoeba/tatoeba.h"
#include "models/language/translator.h"

namespace viv {
namespace {

constexpr char kPiecesFile[] = "pieces.model";

// `start` may be null.
absl::StatusOr<Tokenizer> TokenizerOfRun(const std::string& directory,
                                         const std::vector<TextPair>& train, int vocab_size,
                                         bool words, const TranslatorParts* start) {
  Env* env = Env::Default();
  const std::string path = JoinPath(directory, kPiecesFile);
  if (env->FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string model, env->ReadFile(path));
    absl::StatusOr<Tokenizer> tokenizer = Tokenizer::FromModel(model);
    if (!tokenizer.ok()) return Annotate(tokenizer.status(), path);
    return tokenizer;
  }
  absl::StatusOr<Tokenizer> learnt =
      start != nullptr ? start->tokenizer : LearnTokenizer(train, vocab_size, words);
  ASSIGN_OR_RETURN(Tokenizer tokenizer, std::move(learnt));
  RETURN_IF_ERROR(env->CreateDirs(directory));
  RETURN_IF_ERROR(WriteFileAtomically(env, path, tokenizer.model()));
  return tokenizer;
}

absl::StatusOr<std::vector<TextPair>> ReadFiles(absl::string_view spec) {
  Env* env = Env::Default();
  const auto tatoeba = [&] { return ReadTatoeba(env, std::string(spec)); };
  if (absl::ConsumePrefix(&spec, "tatoeba:")) {
    ASSIGN_OR_RETURN(TatoebaPairs pairs, tatoeba());
    return std::move(pairs.train);
  }
  if (absl::ConsumePrefix(&spec, "tatoeba-held-out:")) {
    ASSIGN_OR_RETURN(TatoebaPairs pairs, tatoeba());
    return std::move(pairs.held_out);
  }
  const std::vector<std::string> paths = absl::StrSplit(spec, ',');
  if (paths.size() == 1) return ReadTabSeparatedPairs(env, paths[0]);
  if (paths.size() == 2) return ReadParallelText(env, paths[0], paths[1]);
  return absl::InvalidArgumentError(
      absl::StrCat("'", spec, "' is neither SOURCE,TARGET nor PAIRS.tsv"));
}

// One of the parts that ReadPairs puts together.
absl::StatusOr<std::vector<TextPair>> ReadPart(absl::string_view spec) {
  constexpr int kMostTimes = 1000;
  int times = 1;
  if (const size_t star = spec.find('*');
      star != spec.npos && absl::SimpleAtoi(spec.substr(0, star), &times)) {
    if (times < 1 || times > kMostTimes) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", spec, "': 1 to ", kMostTimes, " times, not ", times));
    }
    spec.remove_prefix(star + 1);
  }
  const bool swap = absl::ConsumePrefix(&spec, "swap:");
  ASSIGN_OR_RETURN(std::vector<TextPair> pairs, ReadFiles(spec));
  if (swap) pairs = SwapSides(std::move(pairs));
  std::vector<TextPair> repeated;
  for (int i = 0; i < times; ++i) repeated.insert(repeated.end(), pairs.begin(), pairs.end());
  return repeated;
}

std::string ModelCard(const BundleExport& to, const TranslatorInfo& info, const NetOptions& net,
                      int64_t parameters, const Checkpoint& checkpoint,
                      const TrainingResult& result) {
  std::string card =
      to.Card(absl::StrCat("A translator from '", info.source_language, "' to '",
                           info.target_language, "'"),
              absl::StrCat(net.Describe(), " for ", net.vocab_size(), " pieces of both languages; ",
                           parameters, " parameters in 8 bits."),
              checkpoint.step);
  if (result.best_update >= 0) {
    absl::StrAppendFormat(&card, "\nValidation BLEU (13a, cased), greedy, 32-bit weights: %.2f\n",
                          result.best_score);
  }
  return card;
}

absl::Status TuneAndCalibrate(const std::string& validation, Bundle* bundle) {
  ASSIGN_OR_RETURN(const std::vector<TextPair> pairs, ReadPairs(validation));
  RETURN_IF_ERROR(TuneSearch(pairs, bundle));
  ASSIGN_OR_RETURN(const std::unique_ptr<Translator> translator, Translator::FromBundle(*bundle));
  const absl::StatusOr<Calibration> calibration = CalibrateTranslator(*translator, pairs);
  if (calibration.ok()) {
    SetCalibration(*calibration, bundle);
  } else {
    LOG(WARNING) << "the bundle gives no confidences: " << calibration.status().message();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TextPair>> ReadPairs(const std::string& spec) {
  std::vector<TextPair> all;
  for (const absl::string_view part : absl::StrSplit(spec, ';')) {
    ASSIGN_OR_RETURN(const std::vector<TextPair> pairs, ReadPart(part));
    all.insert(all.end(), pairs.begin(), pairs.end());
  }
  return all;
}

namespace {

// `start` may be null.
absl::Status Export(const TrainProgram& program, const std::vector<TextPair>& train,
                    const Tokenizer& tokenizer, const TrainingResult& result,
                    const TranslatorParts* start) {
  const std::string& run = program.options.trainer.directory;
  const NetOptions& net = program.options.net;
  BundleExport to = program.to;
  KnownWords words = KnownWords::Of(train);
  if (start != nullptr) {
    to.non_commercial = to.non_commercial || start->info.non_commercial;
    words.Add(start->words);
  }
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, ChosenCheckpoint(run, result));
  GraphBuilder b;
  const std::unique_ptr<TranslationNet> built = net.Build(b);
  RETURN_IF_ERROR(b.status());
  ASSIGN_OR_RETURN(const NamedTensors weights,
                   WeightsOf(checkpoint, Variables(b.graph(), /*trainable_only=*/true), run));
  const int64_t parameters = CountNumbers(weights);
  const TranslatorInfo info = {.source_language = program.source_language,
                               .target_language = program.target_language,
                               .non_commercial = to.non_commercial};
  ASSIGN_OR_RETURN(Bundle bundle,
                   MakeTranslatorBundle(info, net, tokenizer, words, weights,
                                        to.LicenceText(start == nullptr ? "" : start->licence),
                                        ModelCard(to, info, net, parameters, checkpoint, result)));
  if (!program.validation.empty()) RETURN_IF_ERROR(TuneAndCalibrate(program.validation, &bundle));
  return WriteBundle(Env::Default(), to.directory, bundle);
}

}  // namespace

absl::Status TrainProgram::Run() {
  std::optional<TranslatorParts> start;
  if (!from.empty()) {
    ASSIGN_OR_RETURN(start, ReadTranslatorParts(Env::Default(), from));
    options.net = start->net;
    options.trainer.start = start->weights;
  }
  RETURN_IF_ERROR(options.Check());
  ASSIGN_OR_RETURN(const std::vector<TextPair> train_pairs, ReadPairs(train));
  std::vector<TextPair> validation_pairs;
  if (!validation.empty()) {
    ASSIGN_OR_RETURN(validation_pairs, ReadPairs(validation));
  }
  const TranslatorParts* const begun = start ? &*start : nullptr;
  ASSIGN_OR_RETURN(const Tokenizer tokenizer,
                   TokenizerOfRun(options.trainer.directory, train_pairs,
                                  static_cast<int>(options.net.vocab_size()), words, begun));
  options.net.set_vocab_size(tokenizer.size());
  options.trainer.label = "translate_train";
  ASSIGN_OR_RETURN(const TrainingResult result,
                   TrainTranslator(train_pairs, validation_pairs, tokenizer, options));
  *out << DescribeTraining(result, absl::StrFormat("BLEU %.2f", result.best_score)) << std::endl;
  if (to.directory.empty()) return absl::OkStatus();
  return Export(*this, train_pairs, tokenizer, result, begun);
}

absl::Status TuneProgram::Run() const {
  Env* env = Env::Default();
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindTranslatorBundle(env, source_language, target_language));
  }
  ASSIGN_OR_RETURN(Bundle tuned, ReadBundle(env, directory, "translate"));
  RETURN_IF_ERROR(TuneAndCalibrate(text, &tuned));
  RETURN_IF_ERROR(WriteBundle(env, to, tuned));
  *out << "length reward " << tuned.settings["length_reward"] << ", ranks by "
       << (tuned.settings["consensus"] == "true" ? "consensus" : "probability") << std::endl;
  return absl::OkStatus();
}

absl::Status EvaluateProgram::Run() const {
  Env* env = Env::Default();
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindTranslatorBundle(env, source_language, target_language));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Translator> translator, Translator::Load(env, directory));
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(const std::vector<TextPair> pairs, ReadPairs(text));
    ASSIGN_OR_RETURN(const TranslationEvaluation evaluation,
                     EvaluateTranslator(*translator, pairs, options));
    if (texts.size() > 1) *out << text << ": ";
    *out << evaluation.ToString() << std::flush;
  }
  return absl::OkStatus();
}

}  // namespace viv
