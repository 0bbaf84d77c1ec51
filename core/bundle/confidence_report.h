// How good confidences are: whether they mean what they say (calibration error, Brier score) and
// whether they tell right from wrong (AUROC, risk and coverage).
#ifndef VIV_CORE_BUNDLE_CONFIDENCE_REPORT_H_
#define VIV_CORE_BUNDLE_CONFIDENCE_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace viv {

struct JudgedConfidence {
  double confidence = 0;
  bool happened = false;
};

// What abstaining below `threshold` leaves.
struct RiskAtCoverage {
  double threshold = 0;
  double coverage = 0;  // the share of answers that are given
  double risk = 0;      // the share of these for which the event did not happen
};

struct ConfidenceReport {
  int64_t examples = 0;
  double base_rate = 0;
  // Expected calibration error: the mean distance between confidence and rate in bins of equal mass
  // (Nixon et al. 2019), and the interval that holds 95 % of the errors of resampled data, widened
  // down to `ece` where need be. Resampling adds noise, which adds error: the upper end errs
  // upward.
  double ece = 0, ece_low = 0, ece_high = 0;
  // The mean squared distance between confidence and event, and how much of the base rate's it
  // saves: 1 is perfect, 0 no better than the base rate (also where all events are alike).
  double brier = 0, brier_skill = 0;
  // The probability that of a pair of which one happened the right one has the higher confidence
  // (equal ones: a half). 0.5 where all events are alike.
  double auroc = 0;
  // One point for each confidence, from the highest.
  std::vector<RiskAtCoverage> curve;
  // The mean risk over all numbers of answers given (Geifman and El-Yaniv 2017).
  double risk_coverage_area = 0;

  // What "calibrated" means: a constant does not pass.
  bool IsCalibrated(double ece_target) const {
    return ece_high <= ece_target && auroc >= 0.75 && brier_skill > 0;
  }
  // A few lines for people.
  std::string ToString() const;
  // One object, the curve only at coverages 1, 0.9, ... 0.1.
  std::string ToJson() const;
};

struct ConfidenceReportOptions {
  int bins = 10;
  int resamples = 1000;
  uint64_t seed = 1;
};

// The order of the examples does not matter. InvalidArgument where there are none or a confidence
// is not in [0, 1].
absl::StatusOr<ConfidenceReport> ReportConfidence(absl::Span<const JudgedConfidence> examples,
                                                  const ConfidenceReportOptions& options = {});

}  // namespace viv

#endif  // VIV_CORE_BUNDLE_CONFIDENCE_REPORT_H_
