// What search_photos_train does: learn words, judge searches, make a bundle.
#ifndef VIV_MODELS_SEARCH_SEARCH_TRAIN_PROGRAM_H_
#define VIV_MODELS_SEARCH_SEARCH_TRAIN_PROGRAM_H_

#include <iostream>
#include <string>

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
  // What the bundle says of the data: its name, the text of its licence; and the command.
  std::string data_name, licence, command;
  bool non_commercial = false;
  // Of the bundle.
  std::string directory;
  std::ostream* out = &std::cout;

  absl::Status Run() const;
};

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_SEARCH_TRAIN_PROGRAM_H_
