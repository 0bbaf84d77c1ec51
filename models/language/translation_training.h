// Training of a translator on sentence pairs.
#ifndef VIV_MODELS_LANGUAGE_TRANSLATION_TRAINING_H_
#define VIV_MODELS_LANGUAGE_TRANSLATION_TRAINING_H_

#include <string>
#include <vector>

#include "core/train/trainer.h"
#include "datasets/text_pairs/text_pairs.h"
#include "models/language/net_options.h"
#include "models/language/tokenizer.h"

namespace viv {

struct TranslationTrainingOptions {
  NetOptions net;
  uint64_t seed = 1;
  // Pairs in a batch, of like length, or fewer: no side has more pieces than `batch_tokens`
  // together with its padding (0: any number).
  int batch = 64;
  int batch_tokens = 0;
  // In what products are computed; the weights are float. See SessionOptions.
  DType precision = kFloat;
  // Pairs with more pieces on a side are left out, and those with none.
  int max_pieces = 100;
  // Threads that split text into pieces.
  int data_threads = 2;
  float dropout = 0.3f;
  float label_smoothing = 0.1f;
  float learning_rate = 2e-3f;
  int64_t warm_up = 300;
  float clip_norm = 1;
  // As in OptimizerOptions.
  int accumulate = 1;
  float average_decay = 0;
  // From which update on the learning rate falls, by half every `halve_every`.
  int64_t halve_from = 2000;
  int64_t halve_every = 800;
  // It falls with the inverse square root of the update's number instead, from the warm-up on.
  bool inverse_sqrt = false;
  // See SessionOptions.
  bool check_numerics = false;
  // Directory, updates, checkpoints and the like; label and settings are filled in.
  TrainerOptions trainer;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
};

// A tokenizer for both languages of the pairs, with symbols for what is copied.
// `words`: see TokenizerOptions.
absl::StatusOr<Tokenizer> LearnTokenizer(const std::vector<TextPair>& pairs, int vocab_size,
                                         bool words = false);

// Batches for the net, without end: source [B, S], target_in and target_out [B, T], source_lengths
// and target_lengths [B], all int32. What both sides share is masked where the pieces have symbols
// for it (copy_text.h); text is split
// into pieces beside the training, and again in each epoch; what comes out does not depend on the
// number of threads.
Dataset TranslationBatches(const std::vector<TextPair>& pairs, const Tokenizer& tokenizer,
                           const TranslationTrainingOptions& options);

// Trains on `train`; the score is BLEU of greedy translations of `validation`, which may be empty.
// Afterwards the best checkpoint (the latest without a score) is in the run's directory.
absl::StatusOr<TrainingResult> TrainTranslator(const std::vector<TextPair>& train,
                                               const std::vector<TextPair>& validation,
                                               const Tokenizer& tokenizer,
                                               const TranslationTrainingOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATION_TRAINING_H_
