// Training of a captioner on photos with sentences.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_TRAINING_H_
#define VIV_MODELS_CAPTIONS_CAPTION_TRAINING_H_

#include <cstdint>

#include "core/train/trainer.h"
#include "models/captions/caption_data.h"
#include "models/captions/caption_net.h"

namespace viv {

struct CaptionTrainingOptions {
  CaptionNetOptions net;
  // Whether the Inception net learns too, or stays as it begins.
  bool train_photos = false;
  PhotoFit fit;  // how photos are brought to the net's size where they are not augmented
  AugmentOptions augment = {.min_area = 0.7f};
  uint64_t seed = 1;
  int batch = 32;  // photos, each with all of its sentences
  // In what products are computed; the weights are float. See SessionOptions.
  DType precision = kFloat;
  int data_threads = 2;
  // Rounds over the photos; the run's number of updates is set by it.
  double passes = 20;
  // Rounds between scores; 0: never.
  double score_passes = 1;
  float dropout = 0.4f;
  float label_smoothing = 0.1f;
  // Rises in the first `warm_up` of the updates, then falls in a straight line to 0 at their end.
  float learning_rate = 2e-3f;
  float warm_up = 0.05f;
  float clip_norm = 1;
  bool check_numerics = false;
  // Directory, checkpoints and the like; numbers of updates and settings are filled in.
  TrainerOptions trainer;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
};

// The most frequent words of the photos' sentences, as PlainCaption. (Words, for what a captioner
// may repeat, and how sure it is, is told of words; those that are rare it does not say.)
absl::StatusOr<Tokenizer> LearnCaptionTokenizer(const CaptionedImages& photos, int vocab_size);

// Trains on `train`; the score is the negative loss of a word on `validation`, which may be empty.
// Afterwards the best checkpoint (the latest without a score) is in the run's directory.
absl::StatusOr<TrainingResult> TrainCaptioner(const CaptionedImages& train,
                                              const CaptionedImages& validation,
                                              const Tokenizer& tokenizer,
                                              const CaptionTrainingOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_TRAINING_H_
