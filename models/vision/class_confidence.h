// From logits to probabilities that mean what they say.
#ifndef VIV_MODELS_VISION_CLASS_CONFIDENCE_H_
#define VIV_MODELS_VISION_CLASS_CONFIDENCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/bundle/calibration.h"
#include "core/bundle/confidence_report.h"

namespace viv {

// Logits of a photo whose class is known.
struct JudgedLogits {
  std::vector<float> logits;
  int truth = 0;
};

// softmax(logits / temperature), in double.
std::vector<double> Probabilities(absl::Span<const float> logits, double temperature);

// The temperature, between 0.05 and 20, with which the examples are most probable (Guo et al.
// 2017).
double FitTemperature(absl::Span<const JudgedLogits> examples);

// What the confidence in the most probable class is computed from, and its names: how probable it
// is, how far ahead of the next, and how spread the rest is.
std::vector<std::string> ConfidenceFeatureNames();
std::vector<double> ConfidenceFeatures(const std::vector<double>& probabilities);

// Of the event that the most probable class is right. Errors of Calibration::Fit.
absl::StatusOr<Calibration> FitClassConfidence(absl::Span<const JudgedLogits> examples,
                                               double temperature);

// The probabilities with that of the most probable class replaced by its calibrated confidence and
// the others scaled to what is left, though to no more than that confidence, so that the order
// stays.
std::vector<double> CalibratedProbabilities(const std::vector<double>& probabilities,
                                            const Calibration& calibration);

// How good the confidences are that are fitted so, on examples that they were not fitted on: each
// half of the examples (every second one) is judged by what the other half gives. Errors of
// Calibration::Fit.
absl::StatusOr<ConfidenceReport> CrossReportConfidence(absl::Span<const JudgedLogits> examples);

}  // namespace viv

#endif  // VIV_MODELS_VISION_CLASS_CONFIDENCE_H_
