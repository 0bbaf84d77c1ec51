// Temperature scaling, and a logistic regression for the first label.
#include "models/vision/class_confidence.h"

#include <algorithm>
#include <cmath>

#include "core/base/status.h"

namespace viv {
namespace {

// Nothing is more certain than this: a log of 0 would not be finite.
constexpr double kLeast = 1e-12;

size_t MostProbable(const std::vector<double>& probabilities) {
  return std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
}

double LogLoss(absl::Span<const JudgedLogits> examples, double temperature) {
  double sum = 0;
  for (const JudgedLogits& example : examples) {
    const double p = Probabilities(example.logits, temperature)[example.truth];
    sum -= std::log(std::max(p, kLeast));
  }
  return sum;
}

}  // namespace

std::vector<double> Probabilities(absl::Span<const float> logits, double temperature) {
  const double most = *std::max_element(logits.begin(), logits.end());
  std::vector<double> probabilities;
  double sum = 0;
  for (const float logit : logits) {
    probabilities.push_back(std::exp((logit - most) / temperature));
    sum += probabilities.back();
  }
  for (double& p : probabilities) p /= sum;
  return probabilities;
}

double FitTemperature(absl::Span<const JudgedLogits> examples) {
  // The golden section of the logarithm: the loss has one minimum in it.
  constexpr double kSection = 0.6180339887498949;
  double low = std::log(0.05), high = std::log(20);
  for (int i = 0; i < 40; ++i) {
    const double left = high - kSection * (high - low), right = low + kSection * (high - low);
    const bool falls = LogLoss(examples, std::exp(left)) > LogLoss(examples, std::exp(right));
    (falls ? low : high) = falls ? left : right;
  }
  return std::exp((low + high) / 2);
}

std::vector<std::string> ConfidenceFeatureNames() {
  return {"log odds of the first label", "log ratio of the first two", "entropy of the others"};
}

std::vector<double> ConfidenceFeatures(const std::vector<double>& probabilities) {
  const size_t first = MostProbable(probabilities);
  const double p = std::clamp(probabilities[first], kLeast, 1.0);
  double second = kLeast, entropy = 0;
  const double rest = std::max(1 - p, kLeast);
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (i == first) continue;
    second = std::max(second, probabilities[i]);
    const double share = std::max(probabilities[i] / rest, kLeast);
    entropy -= share * std::log(share);
  }
  return {std::log(p / rest), std::log(p / second), entropy};
}

absl::StatusOr<Calibration> FitClassConfidence(absl::Span<const JudgedLogits> examples,
                                               double temperature) {
  std::vector<CalibrationExample> fitted;
  for (const JudgedLogits& example : examples) {
    const std::vector<double> p = Probabilities(example.logits, temperature);
    fitted.push_back({.features = ConfidenceFeatures(p),
                      .happened = static_cast<int>(MostProbable(p)) == example.truth});
  }
  // Strong enough that features which hardly tell more than the first do no harm.
  return Calibration::Fit("the first label is right", ConfidenceFeatureNames(), fitted,
                          {.ridge = 1});
}

std::vector<double> CalibratedProbabilities(const std::vector<double>& probabilities,
                                            const Calibration& calibration) {
  const size_t first = MostProbable(probabilities);
  const double confidence = calibration.Probability(ConfidenceFeatures(probabilities));
  const double rest = std::max(1 - probabilities[first], kLeast);
  std::vector<double> calibrated = probabilities;
  for (double& p : calibrated) p = std::min(p * (1 - confidence) / rest, confidence);
  calibrated[first] = confidence;
  return calibrated;
}

absl::StatusOr<ConfidenceReport> CrossReportConfidence(absl::Span<const JudgedLogits> examples) {
  std::vector<JudgedLogits> halves[2];
  for (size_t i = 0; i < examples.size(); ++i) halves[i % 2].push_back(examples[i]);
  std::vector<JudgedConfidence> judged;
  for (int half = 0; half < 2; ++half) {
    const double temperature = FitTemperature(halves[1 - half]);
    ASSIGN_OR_RETURN(const Calibration calibration,
                     FitClassConfidence(halves[1 - half], temperature));
    for (const JudgedLogits& example : halves[half]) {
      const std::vector<double> p = Probabilities(example.logits, temperature);
      judged.push_back({calibration.Probability(ConfidenceFeatures(p)),
                        static_cast<int>(MostProbable(p)) == example.truth});
    }
  }
  return ReportConfidence(judged);
}

}  // namespace viv
