// The models that look at photos before they can be searched.
#ifndef VIV_MODELS_SEARCH_PHOTO_MODELS_H_
#define VIV_MODELS_SEARCH_PHOTO_MODELS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/captions/captioner.h"
#include "models/search/search_model.h"
#include "models/search/update_index.h"
#include "models/vision/photo_classifier.h"

namespace viv {

// Folders of bundles. Where empty: the classifier that comes with the programs, and no captioner.
struct PhotoModelFolders {
  std::string classifier, captioner;
};

// Labels, features and a sentence of photos. Safe for concurrent use.
class PhotoModels {
 public:
  // Errors of both bundles.
  static absl::StatusOr<PhotoModels> Load(Env* env, const PhotoModelFolders& folders);

  const PhotoClassifier& classifier() const { return *classifier_; }
  bool has_captioner() const { return captioner_ != nullptr; }
  bool non_commercial() const;
  // BundleFingerprints; the captioner's is "" where there is none.
  const std::string& classifier_fingerprint() const { return classifier_fingerprint_; }
  const std::string& captioner_fingerprint() const { return captioner_fingerprint_; }

  // The least shorter side at which photos lose nothing (see DecodeOptions).
  int64_t min_side() const;

  // Photos uint8 [H, W, 3] of any size. Words are left out: see AddWords.
  absl::StatusOr<std::vector<SeenPhoto>> See(const std::vector<Tensor>& photos) const;

 private:
  PhotoModels() = default;
  std::unique_ptr<PhotoClassifier> classifier_;
  std::unique_ptr<Captioner> captioner_;
  std::string classifier_fingerprint_, captioner_fingerprint_;
};

// The words that the tagger has for them.
absl::Status AddWords(const WordTagger& tagger, std::vector<SeenPhoto>* seen);

// Photos as a search model is to see them. FailedPrecondition where it was made for other models.
// Both outlive the viewer.
absl::StatusOr<PhotoViewer> MakeViewer(const PhotoModels& models, const SearchModel& search);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_PHOTO_MODELS_H_
