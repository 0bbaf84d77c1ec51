// Makes a search model out of photos with sentences and photos with labels.
#ifndef VIV_MODELS_SEARCH_SEARCH_TRAINING_H_
#define VIV_MODELS_SEARCH_SEARCH_TRAINING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/safetensors.h"
#include "datasets/images/captioned_images.h"
#include "datasets/images/labelled_images.h"
#include "models/search/photo_models.h"
#include "models/search/relevance.h"

namespace viv {

// Photos as the models see them, and their sentences.
struct DescribedPhotos {
  std::vector<SeenPhoto> seen;
  std::vector<std::vector<std::string>> sentences;
};
// Those that cannot be read are left out; `skipped` gets their names with the reason.
absl::StatusOr<DescribedPhotos> LookAt(const PhotoModels& models, const CaptionedImages& photos,
                                       std::vector<std::string>* skipped);

// Photos as the models see them, and the numbers of their classes.
struct LabelledPhotos {
  std::vector<SeenPhoto> seen;
  std::vector<int32_t> labels;
};
absl::StatusOr<LabelledPhotos> LookAt(const PhotoModels& models, const LabelledImages& photos,
                                      std::vector<std::string>* skipped);

struct WordTaggerOptions {
  // A word is learnt if the sentences of so many photos have it.
  int min_photos = 20;
  double passes = 40;
  int batch = 128;
  float learning_rate = 3e-3f;
  float weight_decay = 0.02f;
  uint64_t seed = 1;

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
};

// The content words that are said of at least `min_photos` photos, the most frequent first.
std::vector<std::string> FrequentWords(const std::vector<std::vector<std::string>>& sentences,
                                       int min_photos);

// The variables of a WordLayer that tells whether one of a photo's sentences has a word. What a
// tenth of the photos, held out, says best ends the training. InvalidArgument where there is
// nothing to learn from.
absl::StatusOr<NamedTensors> TrainWordTagger(const DescribedPhotos& photos,
                                             const std::vector<std::string>& words,
                                             const WordTaggerOptions& options);

// Queries of one to three words that belong together, for they come out of one sentence, each
// judged against all photos: a photo is wanted if its sentences have all of the words. The photos
// have their words (see AddWords); those of `info` are known.
std::vector<JudgedQuery> JudgeTextQueries(const DescribedPhotos& photos,
                                          const SearchModelInfo& info, int count, uint64_t seed);

// `count` of the photos as queries, each judged against the others: one is wanted if it has the
// same label.
std::vector<JudgedQuery> JudgeLikeness(const LabelledPhotos& photos, int count, uint64_t seed);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_SEARCH_TRAINING_H_
