// What caption_image_train does between its flags and the net: find photos, train, make a bundle.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_TRAIN_PROGRAM_H_
#define VIV_MODELS_CAPTIONS_CAPTION_TRAIN_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "core/bundle/bundle_export.h"
#include "models/captions/caption_training.h"
#include "models/captions/captioner.h"

namespace viv {

struct CaptionTrainProgram {
  // The photos and their sentences, as ReadCaptions.
  std::string data;
  // What the run begins with: a captioner's bundle, all of it; or a classifier's, its Inception
  // net (the shipped one where both are "").
  std::string from, classifier;
  int size = 0;  // of the photos, in place of what that bundle says; 0: that
  // The net's sizes are those of `options` but for what the bundle says.
  CaptionTrainingOptions options;
  int vocabulary = 2500;
  // Its directory is "" where no bundle is wanted. What comes from non-commercial data stays so.
  BundleExport to;
  std::ostream* out = &std::cout;

  // Trains, or goes on with the run of options.trainer.directory, and says how it went. The best
  // checkpoint (the latest where none was scored) becomes the bundle, with confidences calibrated
  // on the validation photos; what its sentences for these are worth is printed.
  absl::Status Run();
};

// Scores a bundle (the shipped one where `bundle` is "") on the validation photos of `data`, and
// prints that; with `sentences`, also each photo's name, sentence and confidence into that file.
struct EvaluateCaptionsProgram {
  std::string bundle, data, sentences;
  int beam = 3;
  DType precision = kFloat;
  std::ostream* out = &std::cout;

  absl::Status Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_TRAIN_PROGRAM_H_
