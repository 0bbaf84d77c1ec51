// All figures are sums over groups of equal confidence, in rising order.
#include "core/bundle/confidence_report.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

struct Group {
  double confidence = 0;
  double count = 0;
  double happened = 0;
};

std::vector<Group> GroupsOf(const std::vector<JudgedConfidence>& sorted) {
  std::vector<Group> groups;
  for (const JudgedConfidence& example : sorted) {
    if (groups.empty() || groups.back().confidence != example.confidence) {
      groups.push_back({.confidence = example.confidence});
    }
    groups.back().count += 1;
    groups.back().happened += example.happened;
  }
  return groups;
}

// Every bin holds the mass n / bins; a group that reaches across a border is shared out in
// proportion, so that the order of equal confidences does not matter.
double CalibrationError(const std::vector<Group>& groups, double n, int bins) {
  const double mass = n / bins;
  double error = 0, room = mass, excess = 0;
  for (const Group& group : groups) {
    if (group.count == 0) continue;
    const double per_example = group.confidence - group.happened / group.count;
    double left = group.count;
    while (left >= room) {
      error += std::abs(excess + room * per_example);
      left -= room;
      room = mass;
      excess = 0;
    }
    room -= left;
    excess += left * per_example;
  }
  return (error + std::abs(excess)) / n;
}

// The quantiles 2.5 % and 97.5 % of the errors of data drawn with replacement.
std::pair<double, double> ErrorInterval(const std::vector<JudgedConfidence>& sorted,
                                        std::vector<Group> groups,
                                        const ConfidenceReportOptions& options) {
  std::vector<size_t> group_of(sorted.size(), 0);
  for (size_t i = 1; i < sorted.size(); ++i) {
    group_of[i] = group_of[i - 1] + (sorted[i].confidence != sorted[i - 1].confidence ? 1 : 0);
  }
  RandomStream random(options.seed);
  std::vector<double> errors;
  for (int r = 0; r < options.resamples; ++r) {
    for (Group& group : groups) group.count = group.happened = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
      const size_t drawn = random.Below(sorted.size());
      groups[group_of[drawn]].count += 1;
      groups[group_of[drawn]].happened += sorted[drawn].happened;
    }
    errors.push_back(CalibrationError(groups, static_cast<double>(sorted.size()), options.bins));
  }
  std::sort(errors.begin(), errors.end());
  const auto quantile = [&](double q) {
    return errors[std::lround(q * static_cast<double>(errors.size() - 1))];
  };
  return {quantile(0.025), quantile(0.975)};
}

double Auroc(const std::vector<Group>& groups, double n, double happened) {
  if (happened == 0 || happened == n) return 0.5;
  double pairs = 0, others_below = 0;
  for (const Group& group : groups) {
    const double others = group.count - group.happened;
    pairs += group.happened * (others_below + others / 2);
    others_below += others;
  }
  return pairs / (happened * (n - happened));
}

void RiskAndCoverage(const std::vector<Group>& groups, double n, ConfidenceReport* report) {
  double given = 0, wrong = 0, sum = 0;
  for (size_t i = groups.size(); i-- > 0;) {
    const Group& group = groups[i];
    // Within a group, the expected risk of a random order.
    const double rate = 1 - group.happened / group.count;
    for (double k = 1; k <= group.count; ++k) sum += (wrong + k * rate) / (given + k);
    given += group.count;
    wrong += group.count - group.happened;
    report->curve.push_back({group.confidence, given / n, wrong / given});
  }
  report->risk_coverage_area = sum / n;
}

// The point with the least coverage that is at least this.
const RiskAtCoverage& PointAt(const ConfidenceReport& report, double coverage) {
  for (const RiskAtCoverage& point : report.curve) {
    if (point.coverage >= coverage - 1e-9) return point;
  }
  return report.curve.back();
}

}  // namespace

absl::StatusOr<ConfidenceReport> ReportConfidence(absl::Span<const JudgedConfidence> examples,
                                                  const ConfidenceReportOptions& options) {
  if (examples.empty()) return absl::InvalidArgumentError("there are no confidences to judge");
  if (options.bins < 1 || options.resamples < 1) {
    return absl::InvalidArgumentError("a report needs at least one bin and one resample");
  }
  for (const JudgedConfidence& example : examples) {
    if (!(example.confidence >= 0 && example.confidence <= 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("a confidence of ", example.confidence, " is no probability"));
    }
  }
  // The order of equal examples cannot be seen, so all that follows is the same for any order.
  std::vector<JudgedConfidence> sorted(examples.begin(), examples.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::pair(a.confidence, a.happened) < std::pair(b.confidence, b.happened);
  });
  const auto n = static_cast<double>(sorted.size());
  double happened = 0, squares = 0;
  for (const JudgedConfidence& example : sorted) {
    happened += example.happened;
    const double distance = example.confidence - example.happened;
    squares += distance * distance;
  }
  const std::vector<Group> groups = GroupsOf(sorted);

  ConfidenceReport report = {.examples = static_cast<int64_t>(sorted.size()),
                             .base_rate = happened / n,
                             .ece = CalibrationError(groups, n, options.bins),
                             .brier = squares / n,
                             .auroc = Auroc(groups, n, happened)};
  std::tie(report.ece_low, report.ece_high) = ErrorInterval(sorted, groups, options);
  report.ece_low = std::min(report.ece_low, report.ece);
  report.ece_high = std::max(report.ece_high, report.ece);
  const double constant = report.base_rate * (1 - report.base_rate);
  report.brier_skill = constant > 0 ? 1 - report.brier / constant : 0;
  RiskAndCoverage(groups, n, &report);
  return report;
}

std::string ConfidenceReport::ToString() const {
  std::string text = absl::StrFormat(
      "calibration error %.3f (95%% interval %.3f to %.3f), AUROC %.3f\n"
      "Brier score %.3f, skill over the base rate of %.3f: %.3f (%d examples)\n"
      "area under the risk-coverage curve %.3f; wrong:",
      ece, ece_low, ece_high, auroc, brier, base_rate, brier_skill, examples, risk_coverage_area);
  for (const double coverage : {1.0, 0.8, 0.5, 0.2}) {
    const RiskAtCoverage& point = PointAt(*this, coverage);
    absl::StrAppendFormat(&text, " %.1f%% of the surest %.0f%%%s", 100 * point.risk,
                          100 * point.coverage, coverage == 0.2 ? "\n" : ",");
  }
  return text;
}

std::string ConfidenceReport::ToJson() const {
  nlohmann::json points = nlohmann::json::array();
  for (int tenths = 10; tenths > 0; --tenths) {
    const RiskAtCoverage& point = PointAt(*this, tenths / 10.0);
    points.push_back(
        {{"threshold", point.threshold}, {"coverage", point.coverage}, {"risk", point.risk}});
  }
  return nlohmann::json({{"examples", examples},
                         {"base_rate", base_rate},
                         {"ece", ece},
                         {"ece_low", ece_low},
                         {"ece_high", ece_high},
                         {"brier", brier},
                         {"brier_skill", brier_skill},
                         {"auroc", auroc},
                         {"risk_coverage_area", risk_coverage_area},
                         {"risk_coverage", points}})
      .dump();
}

}  // namespace viv
