// What search_photos_train does: learn words, judge searches, make a bundle.
#ifndef VIV_MODELS_SEARCH_SEARCH_TRAIN_PROGRAM_H_
#define VIV_MODELS_SEARCH_SEARCH_TRAIN_PROGRAM_H_

#include <iostream>
#include <string>

#include "core/bundle/bundle_export.h"
#include "models/search/photo_models.h"
#include "models/search/search_training.h"

namespace viv {

struct SearchTrainProgram {
  // Photos with sentences, as ReadCaptions takes them: words are learnt from those to train on,
  // searches in words judged on the others.
  std::string data;
  // Photos with labels, as ReadPhotos takes them: likeness is judged on those held out.
  std::string labelled;
  PhotoModelFolders models;
  WordTaggerOptions tagger;
  // Searches that are judged, of each kind.
  int queries = 600;
  BundleExport to;
  std::ostream* out = &std::cout;

  absl::Status Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_SEARCH_TRAIN_PROGRAM_H_
