// From what a model knows about its answer (features, e.g. the mean log probability of a word) to
// the calibrated probability of an event ("the top label is right"): a logistic regression that is
// fitted on data that was neither trained nor tested on.
#ifndef VIV_CORE_BUNDLE_CALIBRATION_H_
#define VIV_CORE_BUNDLE_CALIBRATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/file.h"

namespace viv {

struct CalibrationExample {
  std::vector<double> features;
  bool happened = false;
};

struct CalibrationOptions {
  // Half of it times the squared weights (of features with mean 0 and deviation 1) is added to the
  // sum of losses.
  double ridge = 1e-3;
};

// p = 1 / (1 + exp(-(bias + sum_i weight_i (x_i - mean_i) / scale_i))). A value.
class Calibration {
 public:
  struct Feature {
    std::string name;
    double mean = 0, scale = 1, weight = 0;
    double min = 0, max = 0;  // of the examples
  };

  // Platt scaling (Platt 1999, with his targets, which keep the weights finite where the features
  // tell the events apart) for any number of features, by Newton's method in double precision.
  // `event`: what the probability is of, in words. InvalidArgument where an example has another
  // number of features than `names` or one that is not finite, or where all events are alike.
  static absl::StatusOr<Calibration> Fit(const std::string& event,
                                         const std::vector<std::string>& names,
                                         absl::Span<const CalibrationExample> examples,
                                         const CalibrationOptions& options = {});

  // In [0, 1]. `features`: one for each name. Beyond the examples' range the model is not trusted:
  // a feature counts as the nearest one within it. 0 where one is not a number.
  double Probability(absl::Span<const double> features) const;

  // What FromJson() needs; equal values give equal texts.
  std::string ToJson() const;
  // DataLoss for a text that is damaged or makes no sense.
  static absl::StatusOr<Calibration> FromJson(const std::string& text);

  const std::string& event() const { return event_; }
  int64_t examples() const { return examples_; }
  // How often the event happened in the examples.
  double base_rate() const { return base_rate_; }
  double bias() const { return bias_; }
  const std::vector<Feature>& features() const { return features_; }

 private:
  Calibration() = default;

  std::string event_;
  int64_t examples_ = 0;
  double base_rate_ = 0;
  double bias_ = 0;
  std::vector<Feature> features_;
};

absl::Status SaveCalibration(Env* env, const std::string& path, const Calibration& calibration);
// FailedPrecondition where the file's features are not `names`, in this order: those that the
// program computes.
absl::StatusOr<Calibration> LoadCalibration(Env* env, const std::string& path,
                                            const std::vector<std::string>& names);

}  // namespace viv

#endif  // VIV_CORE_BUNDLE_CALIBRATION_H_
