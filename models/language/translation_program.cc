// The steps of translate_train.
#include "models/language/translation_program.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr char kPiecesFile[] = "pieces.model";

absl::StatusOr<Tokenizer> TokenizerOfRun(const std::string& directory,
                                         const std::vector<TextPair>& train, int vocab_size) {
  Env* env = Env::Default();
  const std::string path = JoinPath(directory, kPiecesFile);
  if (env->FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string model, env->ReadFile(path));
    absl::StatusOr<Tokenizer> tokenizer = Tokenizer::FromModel(model);
    if (!tokenizer.ok()) return Annotate(tokenizer.status(), path);
    return tokenizer;
  }
  ASSIGN_OR_RETURN(Tokenizer tokenizer, LearnTokenizer(train, vocab_size));
  RETURN_IF_ERROR(env->CreateDirs(directory));
  RETURN_IF_ERROR(WriteFileAtomically(env, path, tokenizer.model()));
  return tokenizer;
}

}  // namespace

absl::StatusOr<std::vector<TextPair>> ReadPairs(const std::string& spec) {
  const std::vector<std::string> paths = absl::StrSplit(spec, ',');
  if (paths.size() == 1) return ReadTabSeparatedPairs(Env::Default(), paths[0]);
  if (paths.size() == 2) return ReadParallelText(Env::Default(), paths[0], paths[1]);
  return absl::InvalidArgumentError(
      absl::StrCat("'", spec, "' is neither SOURCE,TARGET nor PAIRS.tsv"));
}

absl::StatusOr<TrainingResult> RunTranslationTraining(const std::string& train,
                                                      const std::string& validation,
                                                      TranslationTrainingOptions options) {
  ASSIGN_OR_RETURN(const std::vector<TextPair> train_pairs, ReadPairs(train));
  std::vector<TextPair> validation_pairs;
  if (!validation.empty()) {
    ASSIGN_OR_RETURN(validation_pairs, ReadPairs(validation));
  }
  RETURN_IF_ERROR(options.net.Check());
  ASSIGN_OR_RETURN(const Tokenizer tokenizer,
                   TokenizerOfRun(options.trainer.directory, train_pairs,
                                  static_cast<int>(options.net.vocab_size)));
  options.net.vocab_size = tokenizer.size();
  options.trainer.label = "translate_train";
  return TrainTranslator(train_pairs, validation_pairs, tokenizer, options);
}

std::string DescribeTraining(const TrainingResult& result) {
  std::string text = absl::StrFormat("%d updates, loss %.3f", result.updates, result.loss);
  if (result.best_update > 0) {
    absl::StrAppendFormat(&text, ", best BLEU %.2f at update %d", result.best_score,
                          result.best_update);
  }
  if (result.interrupted) absl::StrAppend(&text, "; interrupted, the same command goes on");
  if (result.stopped_early) absl::StrAppend(&text, "; stopped, for the score no longer rose");
  return text;
}

}  // namespace viv
