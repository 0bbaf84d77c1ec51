// What classify_image_train does between its flags and the net: find photos, train, make a bundle.
#ifndef VIV_MODELS_VISION_CLASSIFIER_TRAIN_PROGRAM_H_
#define VIV_MODELS_VISION_CLASSIFIER_TRAIN_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "core/bundle/bundle_export.h"
#include "models/vision/classifier_evaluation.h"
#include "models/vision/classifier_training.h"

namespace viv {

// The photos at `spec`, split into those to train on and those to validate with: what
// ReadImageSplit reads, or "cifar10:" and where that data set lies. Several are put together with
// ';': classes by key, and a class that several have is taken from the first of them.
absl::StatusOr<ImageSplit> ReadPhotos(const std::string& spec);

struct ClassifierTrainProgram {
  // The photos, as ReadPhotos; and others to validate with, of the same classes, in place of those
  // that `data` holds out ("": none).
  std::string data, validation;
  // A bundle whose net, weights and preprocessing the run begins with; "": random weights, and the
  // net of `options`. Where its labels are not those of the data, the last layer begins anew.
  std::string from;
  int size = 0;  // of the photos, in place of what the bundle of `from` says; 0: that
  ClassifierTrainingOptions options;
  // Its directory is "" where no bundle is wanted. What comes from non-commercial data stays so.
  BundleExport to;
  std::ostream* out = &std::cout;

  // Trains, or goes on with the run of options.trainer.directory, and says how it went. The best
  // checkpoint (the latest where none was scored) becomes the bundle, with confidences calibrated
  // on the validation photos. What that bundle says to these is printed, and drawn as confusion.png
  // and written as confusion.tsv into the run's directory, the picture into its event files too.
  absl::Status Run();
};

// Scores a bundle (the shipped one where `bundle` is "") on the validation photos of `data`, as
// ReadPhotos, and prints that; `table` gets the confusions, as .tsv or .png; none where "".
struct EvaluateClassifierProgram {
  std::string bundle, data, table;
  DType precision = kFloat;
  std::ostream* out = &std::cout;

  absl::Status Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_VISION_CLASSIFIER_TRAIN_PROGRAM_H_
