// Training of an image classifier on labelled photos.
#ifndef VIV_MODELS_VISION_CLASSIFIER_TRAINING_H_
#define VIV_MODELS_VISION_CLASSIFIER_TRAINING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/train/trainer.h"
#include "datasets/images/labelled_images.h"
#include "models/vision/augment.h"
#include "models/vision/inception.h"
#include "models/vision/photo_fit.h"

namespace viv {

absl::StatusOr<Tune> ParseTune(const std::string& name);  // "head", "last", "all"

struct ClassifierTrainingOptions {
  // With as many classes as the data; auxiliary heads are trained where it has them.
  InceptionOptions net;
  Tune tune = Tune::kAll;
  PhotoFit fit;  // how photos are brought to the net's size where they are not augmented
  AugmentOptions augment;
  uint64_t seed = 1;
  int batch = 64;
  // In what products are computed; the weights are float. See SessionOptions.
  DType precision = kFloat;
  // Threads that decode and augment photos.
  int data_threads = 2;
  // Rounds over the photos; the run's number of updates is set by it.
  double passes = 20;
  // The rate rises in the first `warm_up` of the updates, then falls in a straight line to 0 at
  // their end.
  float learning_rate = 0.1f;
  float warm_up = 0.1f;
  float momentum = 0.9f;
  float weight_decay = 5e-4f;
  float label_smoothing = 0.1f;
  // Of each auxiliary head's loss.
  float auxiliary = 0.3f;
  // Photos of rare classes count more, so that all classes count alike.
  bool balance = false;
  // Rounds between scores; 0: never.
  double score_passes = 1;
  // Computes what is cheap again for gradients, in place of keeping it: the same weights, of less
  // memory and more time.
  bool recompute = false;
  bool check_numerics = false;
  // Directory, checkpoints and the like; numbers of updates and settings are filled in.
  TrainerOptions trainer;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
};

struct ClassifierTrainingResult {
  TrainingResult training;
  // Photos for training that could not be read, each counted once.
  int64_t bad_photos = 0;
};

// Trains on `train`; the score is the share of `validation`, which may be empty, that gets its
// right label. Afterwards the best checkpoint (the latest without a score) is in the run's
// directory.
absl::StatusOr<ClassifierTrainingResult> TrainClassifier(const LabelledImages& train,
                                                         const LabelledImages& validation,
                                                         const ClassifierTrainingOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_VISION_CLASSIFIER_TRAINING_H_
