// What the translation programs do between their flags and the net: find text, pieces, runs.
#ifndef VIV_MODELS_LANGUAGE_TRAIN_PROGRAM_H_
#define VIV_MODELS_LANGUAGE_TRAIN_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "core/bundle/bundle_export.h"
#include "models/language/evaluation.h"
#include "models/language/translation_training.h"

namespace viv {

// The pairs of "SOURCE,TARGET" (two line-aligned files) or of "PAIRS.tsv"; gzip is unpacked.
// Several are put together with ';'. Before each may stand, in this order: "3*" (three times, to
// weigh more), "swap:" (the other direction), "tatoeba:" or "tatoeba-held-out:" (of that download's
// fra.txt the pairs to train on, or those that are held out by their English side).
absl::StatusOr<std::vector<TextPair>> ReadPairs(const std::string& spec);

// What translate_train does to learn.
struct TrainProgram {
  // The text to learn from, and what is scored and never trained on ("": none), as ReadPairs.
  std::string train, validation;
  // A bundle whose weights, net and pieces the run begins with; "": random weights, the net of
  // `options`, and pieces learnt from the training text.
  std::string from;
  TranslationTrainingOptions options;
  // Pieces are whole words (word_model.h).
  bool words = false;
  // Its directory is "" where no bundle is wanted. What comes from non-commercial data stays so.
  BundleExport to;
  std::string source_language, target_language;
  std::ostream* out = &std::cout;

  // Trains, or goes on with the run of options.trainer.directory, and says how it went. The best
  // checkpoint (the latest where none was scored) becomes the bundle, with confidences calibrated
  // on the validation text where there is any whose pairs are not all alike. Words that neither the
  // training text nor the bundle of the beginning has are names to it.
  absl::Status Run();
};

// Fits search and confidences of a bundle (the shipped one of the languages where `bundle` is "")
// to a text that it was not trained on, as ReadPairs, and writes the bundle `to`. Its weights stay.
struct TuneProgram {
  std::string bundle, source_language, target_language, text, to;
  std::ostream* out = &std::cout;

  absl::Status Run() const;
};

// Scores a bundle (the shipped one of the languages where `bundle` is "") on each of the texts, and
// prints that.
struct EvaluateProgram {
  std::string bundle, source_language, target_language;
  std::vector<std::string> texts;  // as ReadPairs
  TranslateOptions options;
  std::ostream* out = &std::cout;

  absl::Status Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRAIN_PROGRAM_H_
