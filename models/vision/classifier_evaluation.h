// What a classifier is worth on photos whose classes are known.
#ifndef VIV_MODELS_VISION_CLASSIFIER_EVALUATION_H_
#define VIV_MODELS_VISION_CLASSIFIER_EVALUATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bundle/confidence_report.h"
#include "datasets/images/labelled_images.h"
#include "models/vision/class_confidence.h"
#include "models/vision/confusion.h"
#include "models/vision/photo_classifier.h"

namespace viv {

// The names of the data's classes; where several have one name, with their keys.
std::vector<std::string> LabelsOf(const std::vector<ImageClass>& classes);

// The data with its labels replaced by numbers of `labels`, among which its classes are found by
// name or key. InvalidArgument where one is not there.
absl::StatusOr<LabelledImages> MatchLabels(LabelledImages data,
                                           const std::vector<std::string>& labels);

// The classifier's logits for the photos. Those that cannot be read are left out, and named in
// `skipped` with the reason.
struct JudgedPhotos {
  std::vector<JudgedLogits> examples;
  std::vector<std::string> skipped;
};
absl::StatusOr<JudgedPhotos> JudgePhotos(const PhotoClassifier& classifier,
                                         const LabelledImages& data);

struct ClassifierEvaluation {
  explicit ClassifierEvaluation(const std::vector<std::string>& labels) : confusion(labels) {}

  int64_t photos = 0, skipped = 0;
  // The shares whose right label is the first, among the first five.
  double top1 = 0, top5 = 0;
  // Of the event that the first label is right; where the classifier is calibrated.
  std::optional<ConfidenceReport> confidence;
  ConfusionMatrix confusion;

  // A few lines for people.
  std::string ToString() const;
};

// InvalidArgument where there is no photo.
absl::StatusOr<ClassifierEvaluation> EvaluateClassifier(const PhotoClassifier& classifier,
                                                        const JudgedPhotos& photos);

}  // namespace viv

#endif  // VIV_MODELS_VISION_CLASSIFIER_EVALUATION_H_
