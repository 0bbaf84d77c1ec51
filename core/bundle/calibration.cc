// The fit by Newton's method, and the file.
#include "core/bundle/calibration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/guard.h"
#include "core/base/logging.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr int kFormatVersion = 1;
using Vector = std::vector<double>;

double Sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Solves m x = v in place of v for a symmetric positive definite matrix, by Cholesky's
// decomposition in place of m; false where it is not positive definite.
bool Solve(std::vector<Vector>& m, Vector& v) {
  const size_t n = v.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = m[i][j];
      for (size_t k = 0; k < j; ++k) sum -= m[i][k] * m[j][k];
      if (i == j && !(sum > 0)) return false;
      m[i][j] = i == j ? std::sqrt(sum) : sum / m[j][j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) v[i] -= m[i][k] * v[k];
    v[i] /= m[i][i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) v[i] -= m[k][i] * v[k];
    v[i] /= m[i][i];
  }
  return true;
}

// Cross entropy of soft targets under logistic regression; element 0 of a row is 1, for the bias,
// which has no ridge.
struct Regression {
  std::vector<Vector> rows;
  Vector targets;
  double ridge = 0;

  double Loss(const Vector& w) const {
    double loss = 0.5 * ridge * (Dot(w, w) - w[0] * w[0]);
    for (size_t i = 0; i < rows.size(); ++i) {
      const double z = Dot(rows[i], w);
      loss += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - targets[i] * z;
    }
    return loss;
  }

  // Newton's step from w, to be subtracted, and the gradient's product with it; false where the
  // rows do not determine it.
  bool Step(const Vector& w, Vector* step, double* slope) const {
    const size_t n = w.size();
    std::vector<Vector> hessian(n, Vector(n, 0.0));
    Vector gradient(n, 0.0);
    for (size_t k = 1; k < n; ++k) {
      hessian[k][k] = ridge;
      gradient[k] = ridge * w[k];
    }
    for (size_t r = 0; r < rows.size(); ++r) {
      const double p = Sigmoid(Dot(rows[r], w));
      for (size_t i = 0; i < n; ++i) {
        gradient[i] += (p - targets[r]) * rows[r][i];
        for (size_t j = 0; j <= i; ++j) hessian[i][j] += p * (1 - p) * rows[r][i] * rows[r][j];
      }
    }
    *step = gradient;
    if (!Solve(hessian, *step)) return false;
    *slope = Dot(gradient, *step);
    return true;
  }

  // The loss is convex, so halving a step that is too long always leads down.
  absl::StatusOr<Vector> Minimize() const {
    Vector w(rows[0].size(), 0.0), step;
    double loss = Loss(w), slope = 0;
    for (int i = 0; i < 100; ++i) {
      if (!Step(w, &step, &slope)) {
        return absl::InvalidArgumentError(
            "the features do not determine the calibration: one follows from the others");
      }
      // So near, a whole step goes right and is too short for the loss to show it.
      if (slope < 1e-10 * static_cast<double>(rows.size())) return Moved(w, step, 1);
      double length = 1;
      Vector next = Moved(w, step, length);
      while (!(Loss(next) < loss) && length > 1e-9) {
        length /= 2;
        next = Moved(w, step, length);
      }
      if (!(Loss(next) < loss)) return w;
      w = std::move(next);
      loss = Loss(w);
    }
    return absl::InternalError("the calibration did not converge");
  }

  static Vector Moved(Vector w, const Vector& step, double length) {
    for (size_t k = 0; k < w.size(); ++k) w[k] -= length * step[k];
    return w;
  }
};

absl::Status CheckExamples(size_t features, absl::Span<const CalibrationExample> examples) {
  int64_t happened = 0;
  for (size_t i = 0; i < examples.size(); ++i) {
    const Vector& x = examples[i].features;
    if (x.size() != features) {
      return absl::InvalidArgumentError(absl::StrCat("example ", i, " of a calibration has ",
                                                     x.size(), " features, not ", features));
    }
    for (const double value : x) {
      if (!std::isfinite(value)) {
        return absl::InvalidArgumentError(
            absl::StrCat("example ", i, " of a calibration has a feature that is not finite"));
      }
    }
    happened += examples[i].happened;
  }
  const auto count = static_cast<int64_t>(examples.size());
  if (happened == 0 || happened == count) {
    return absl::InvalidArgumentError(
        absl::StrCat("the event happened in ", happened, " of ", count,
                     " examples; a calibration needs examples of both kinds"));
  }
  return absl::OkStatus();
}

Calibration::Feature Describe(const std::string& name, size_t i,
                              absl::Span<const CalibrationExample> examples) {
  const auto n = static_cast<double>(examples.size());
  Calibration::Feature feature = {
      .name = name, .min = examples[0].features[i], .max = examples[0].features[i]};
  for (const CalibrationExample& example : examples) {
    const double x = example.features[i];
    feature.mean += x / n;
    feature.min = std::min(feature.min, x);
    feature.max = std::max(feature.max, x);
  }
  double variance = 0;
  for (const CalibrationExample& example : examples) {
    const double d = example.features[i] - feature.mean;
    variance += d * d / n;
  }
  // A feature that never changes gets no weight, whatever it is divided by.
  feature.scale = feature.min < feature.max ? std::sqrt(variance) : 1;
  return feature;
}

bool IsSound(const Calibration::Feature& f) {
  return std::isfinite(f.mean) && std::isfinite(f.weight) && std::isfinite(f.scale) &&
         f.scale > 0 && std::isfinite(f.min) && std::isfinite(f.max) && f.min <= f.max;
}

std::vector<std::string> Names(const std::vector<Calibration::Feature>& features) {
  std::vector<std::string> names;
  for (const Calibration::Feature& feature : features) names.push_back(feature.name);
  return names;
}

}  // namespace

absl::StatusOr<Calibration> Calibration::Fit(const std::string& event,
                                             const std::vector<std::string>& names,
                                             absl::Span<const CalibrationExample> examples,
                                             const CalibrationOptions& options) {
  RETURN_IF_ERROR(CheckExamples(names.size(), examples));
  Calibration fitted;
  fitted.event_ = event;
  fitted.examples_ = static_cast<int64_t>(examples.size());
  for (size_t i = 0; i < names.size(); ++i) {
    fitted.features_.push_back(Describe(names[i], i, examples));
    if (!IsSound(fitted.features_.back())) {
      return absl::InvalidArgumentError(
          absl::StrCat("feature '", names[i], "' has values too large for a calibration"));
    }
  }
  double happened = 0;
  for (const CalibrationExample& example : examples) happened += example.happened;
  const double others = static_cast<double>(examples.size()) - happened;
  fitted.base_rate_ = happened / static_cast<double>(examples.size());
  const double targets[] = {1 / (others + 2), (happened + 1) / (happened + 2)};

  Regression regression = {.ridge = options.ridge};
  for (const CalibrationExample& example : examples) {
    Vector row = {1};
    for (size_t i = 0; i < names.size(); ++i) {
      const Feature& feature = fitted.features_[i];
      row.push_back((example.features[i] - feature.mean) / feature.scale);
    }
    regression.rows.push_back(std::move(row));
    regression.targets.push_back(targets[example.happened]);
  }
  ASSIGN_OR_RETURN(const Vector w, regression.Minimize());
  fitted.bias_ = w[0];
  for (size_t i = 0; i < names.size(); ++i) fitted.features_[i].weight = w[i + 1];
  return fitted;
}

double Calibration::Probability(absl::Span<const double> features) const {
  CHECK_EQ(features.size(), features_.size());
  double z = bias_;
  for (size_t i = 0; i < features.size(); ++i) {
    const Feature& f = features_[i];
    if (std::isnan(features[i])) return 0;
    z += f.weight * (std::clamp(features[i], f.min, f.max) - f.mean) / f.scale;
  }
  return Sigmoid(z);
}

std::string Calibration::ToJson() const {
  nlohmann::json features = nlohmann::json::array();
  for (const Feature& f : features_) {
    features.push_back({{"name", f.name},
                        {"mean", f.mean},
                        {"scale", f.scale},
                        {"weight", f.weight},
                        {"min", f.min},
                        {"max", f.max}});
  }
  return nlohmann::json({{"format", kFormatVersion},
                         {"event", event_},
                         {"examples", examples_},
                         {"base_rate", base_rate_},
                         {"bias", bias_},
                         {"features", features}})
      .dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<Calibration> Calibration::FromJson(const std::string& text) {
  Calibration read;
  bool sound = true;
  const absl::Status parsed = RunGuarded("the calibration is damaged", [&] {
    const nlohmann::json json = nlohmann::json::parse(text);
    sound = json.at("format").get<int>() == kFormatVersion;
    json.at("event").get_to(read.event_);
    json.at("examples").get_to(read.examples_);
    json.at("base_rate").get_to(read.base_rate_);
    json.at("bias").get_to(read.bias_);
    for (const nlohmann::json& f : json.at("features")) {
      read.features_.push_back({f.at("name").get<std::string>(), f.at("mean").get<double>(),
                                f.at("scale").get<double>(), f.at("weight").get<double>(),
                                f.at("min").get<double>(), f.at("max").get<double>()});
      sound = sound && IsSound(read.features_.back());
    }
  });
  if (!parsed.ok()) return absl::DataLossError(parsed.message());
  if (!sound || !std::isfinite(read.bias_)) {
    return absl::DataLossError("the calibration is of another format or has impossible numbers");
  }
  return read;
}

absl::Status SaveCalibration(Env* env, const std::string& path, const Calibration& calibration) {
  return WriteFileAtomically(env, path, calibration.ToJson() + "\n");
}

absl::StatusOr<Calibration> LoadCalibration(Env* env, const std::string& path,
                                            const std::vector<std::string>& names) {
  ASSIGN_OR_RETURN(const std::string text, env->ReadFile(path));
  absl::StatusOr<Calibration> calibration = Calibration::FromJson(text);
  if (!calibration.ok()) return Annotate(calibration.status(), path);
  const std::vector<std::string> found = Names(calibration->features());
  if (found != names) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": the calibration is for the features [", absl::StrJoin(found, ", "),
                     "], not [", absl::StrJoin(names, ", "), "]; fit it again"));
  }
  return calibration;
}

}  // namespace viv
