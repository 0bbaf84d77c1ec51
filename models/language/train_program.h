// What the translation programs do between their flags and the net: find text, pieces, runs.
#ifndef VIV_MODELS_LANGUAGE_TRAIN_PROGRAM_H_
#define VIV_MODELS_LANGUAGE_TRAIN_PROGRAM_H_

#include <string>
#include <vector>

#include "models/language/evaluation.h"
#include "models/language/translation_training.h"

namespace viv {

// The pairs of "SOURCE,TARGET" (two line-aligned files) or of "PAIRS.tsv"; gzip is unpacked.
// Several are put together with ';'. Before each may stand, in this order: "3*" (three times, to
// weigh more), "swap:" (the other direction), "tatoeba:" or "tatoeba-held-out:" (of that download's
// fra.txt the pairs to train on, or those that are held out by their English side).
absl::StatusOr<std::vector<TextPair>> ReadPairs(const std::string& spec);

// Trains on the pairs of `train`, scores those of `validation` ("": none). The run's tokenizer,
// <run>/pieces.model, is learnt from the training text where the run begins.
absl::StatusOr<TrainingResult> RunTranslationTraining(const std::string& train,
                                                      const std::string& validation,
                                                      TranslationTrainingOptions options);

// "1200 updates, loss 2.31, best BLEU 43.20 at update 900", and whether it was stopped.
std::string DescribeTraining(const TrainingResult& result);

// What a bundle says beside the net.
struct TranslatorExport {
  std::string directory;
  std::string source_language, target_language;
  // Of the training data: its name, and the text of its licence.
  std::string data, licence;
  bool non_commercial = false;
  // The command that trained it, for the model card.
  std::string command;
};

// Writes the run's best checkpoint (the latest where none was scored) as a bundle, with confidences
// calibrated on the pairs of `validation`; "" and pairs that are all alike leave them out. Words
// that `train` lacks are names.
absl::Status ExportTranslator(const TranslationTrainingOptions& options,
                              const TrainingResult& result, const std::string& train,
                              const std::string& validation, const TranslatorExport& to);

// Scores a bundle (the shipped one of the languages where `bundle` is "") on the pairs of `text`.
absl::StatusOr<TranslationEvaluation> EvaluateBundle(const std::string& bundle,
                                                     const std::string& source_language,
                                                     const std::string& target_language,
                                                     const std::string& text, int beam);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRAIN_PROGRAM_H_
