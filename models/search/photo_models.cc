// Two nets look at each photo: the classifier, and the captioner where there is one.
#include "models/search/photo_models.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/bundle/bundle.h"

namespace viv {
namespace {

constexpr int kLabels = 5;

}  // namespace

absl::StatusOr<PhotoModels> PhotoModels::Load(Env* env, const PhotoModelFolders& folders) {
  PhotoModels models;
  std::string classifier = folders.classifier;
  if (classifier.empty()) {
    ASSIGN_OR_RETURN(classifier, FindClassifierBundle(env));
  }
  ASSIGN_OR_RETURN(models.classifier_, PhotoClassifier::Load(env, classifier));
  ASSIGN_OR_RETURN(models.classifier_fingerprint_, BundleFingerprint(env, classifier));
  if (folders.captioner.empty()) return models;
  ASSIGN_OR_RETURN(models.captioner_, Captioner::Load(env, folders.captioner));
  ASSIGN_OR_RETURN(models.captioner_fingerprint_, BundleFingerprint(env, folders.captioner));
  return models;
}

bool PhotoModels::non_commercial() const {
  return classifier_->info().non_commercial ||
         (captioner_ != nullptr && captioner_->info().non_commercial);
}

int64_t PhotoModels::min_side() const {
  const int64_t side = classifier_->info().fit.min_side();
  return captioner_ == nullptr ? side : std::max(side, captioner_->info().fit.min_side());
}

absl::StatusOr<std::vector<SeenPhoto>> PhotoModels::See(const std::vector<Tensor>& photos) const {
  ASSIGN_OR_RETURN(const std::vector<Classification> answers,
                   classifier_->Classify(photos, {.top = kLabels, .features = true}));
  std::vector<SeenPhoto> seen(photos.size());
  for (size_t i = 0; i < photos.size(); ++i) {
    const auto features = answers[i].features.flat<float>();
    seen[i].embedding.assign(features.begin(), features.end());
    for (const PhotoLabel& label : answers[i].labels) {
      seen[i].labels.push_back({label.number, static_cast<float>(label.confidence)});
    }
  }
  if (captioner_ == nullptr) return seen;
  ASSIGN_OR_RETURN(const std::vector<std::vector<Caption>> captions,
                   captioner_->Describe(photos, {}));
  for (size_t i = 0; i < photos.size(); ++i) seen[i].caption = captions[i].front().text;
  return seen;
}

absl::Status AddWords(const WordTagger& tagger, std::vector<SeenPhoto>* seen) {
  std::vector<std::vector<float>> features;
  for (const SeenPhoto& photo : *seen) features.push_back(photo.embedding);
  ASSIGN_OR_RETURN(auto words, tagger.Words(features));
  for (size_t i = 0; i < seen->size(); ++i) (*seen)[i].words = std::move(words[i]);
  return absl::OkStatus();
}

absl::StatusOr<PhotoViewer> MakeViewer(const PhotoModels& models, const SearchModel& search) {
  if (search.info().classifier != models.classifier_fingerprint() ||
      search.info().captioner != models.captioner_fingerprint()) {
    return absl::FailedPreconditionError(
        "the search model was made for another classifier or captioner: name these, or make one "
        "for them with search_photos_train");
  }
  return PhotoViewer(
      [&models,
       &search](const std::vector<Tensor>& photos) -> absl::StatusOr<std::vector<SeenPhoto>> {
        ASSIGN_OR_RETURN(std::vector<SeenPhoto> seen, models.See(photos));
        RETURN_IF_ERROR(AddWords(search.tagger(), &seen));
        return seen;
      });
}

}  // namespace viv
