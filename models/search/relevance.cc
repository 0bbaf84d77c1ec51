// A logistic regression of a few features; what is fitted to it all in double precision.
#include "models/search/relevance.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

// Of each query the likeliest photos are looked at: nobody looks at more.
constexpr size_t kFitted = 50, kJudged = 10;

// What a photo was given, and whether it was wanted; the likeliest first.
using Ranking = std::vector<std::pair<double, bool>>;

Ranking Rank(const JudgedQuery& query, const Calibration& calibration) {
  Ranking ranking;
  for (const CalibrationExample& photo : query) {
    ranking.emplace_back(calibration.Probability(photo.features), photo.happened);
  }
  std::stable_sort(ranking.begin(), ranking.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  return ranking;
}

double AveragePrecision(const Ranking& ranking) {
  double sum = 0;
  int64_t found = 0;
  for (size_t i = 0; i < ranking.size(); ++i) {
    if (!ranking[i].second) continue;
    ++found;
    sum += static_cast<double>(found) / static_cast<double>(i + 1);
  }
  return found == 0 ? 0 : sum / static_cast<double>(found);
}

// The photos of the queries that `calibration` finds likeliest.
std::vector<CalibrationExample> Likeliest(absl::Span<const JudgedQuery> queries,
                                          const Calibration& calibration) {
  std::vector<CalibrationExample> likeliest;
  for (const JudgedQuery& query : queries) {
    std::vector<std::pair<double, const CalibrationExample*>> order;
    for (const CalibrationExample& photo : query) {
      order.emplace_back(-calibration.Probability(photo.features), &photo);
    }
    const size_t kept = std::min(kFitted, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<int64_t>(kept), order.end());
    for (size_t i = 0; i < kept; ++i) likeliest.push_back(*order[i].second);
  }
  return likeliest;
}

double BestCutoff(absl::Span<const JudgedQuery> queries, const Calibration& calibration) {
  Ranking all;
  double wanted = 0;
  for (const JudgedQuery& query : queries) {
    const Ranking ranking = Rank(query, calibration);
    for (const auto& photo : ranking) wanted += photo.second;
    all.insert(all.end(), ranking.begin(), ranking.end());
  }
  std::sort(all.begin(), all.end(), std::greater<>());
  double best = 0, cutoff = 0.5, found = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    found += all[i].second;
    const bool last_of_equals = i + 1 == all.size() || all[i + 1].first < all[i].first;
    const double f1 = 2 * found / (static_cast<double>(i + 1) + wanted);
    if (!last_of_equals || f1 <= best) continue;
    best = f1;
    cutoff = all[i].first;
  }
  return cutoff;
}

// Adds what `relevance` makes of the query to the sums of a report.
class Judge {
 public:
  void Add(const JudgedQuery& query, const Relevance& relevance) {
    const Ranking ranking = Rank(query, relevance.calibration);
    int64_t wanted = 0;
    for (const auto& [probability, is_wanted] : ranking) {
      wanted += is_wanted;
      hits_ += probability >= relevance.cutoff;
      right_ += probability >= relevance.cutoff && is_wanted;
    }
    wanted_ += wanted;
    report_.mean_average_precision += AveragePrecision(ranking);
    report_.by_chance += static_cast<double>(wanted) / static_cast<double>(ranking.size());
    ++report_.queries;
    for (size_t i = 0; i < std::min(kJudged, ranking.size()); ++i) {
      confidences_.push_back({ranking[i].first, ranking[i].second});
    }
  }

  absl::StatusOr<SearchReport> Report() {
    const auto queries = static_cast<double>(report_.queries);
    report_.mean_average_precision /= queries;
    report_.by_chance /= queries;
    report_.precision = right_ / std::max(hits_, 1.0);
    report_.recall = right_ / std::max(wanted_, 1.0);
    ASSIGN_OR_RETURN(report_.confidence, ReportConfidence(confidences_));
    return report_;
  }

 private:
  SearchReport report_;
  double hits_ = 0, right_ = 0, wanted_ = 0;
  std::vector<JudgedConfidence> confidences_;
};

}  // namespace

std::string Relevance::ToJson() const {
  const nlohmann::json json = {{"cutoff", cutoff},
                               {"calibration", nlohmann::json::parse(calibration.ToJson())}};
  return json.dump(1) + "\n";
}

absl::StatusOr<Relevance> Relevance::FromJson(const std::string& text) {
  std::string calibration;
  double cutoff = 0;
  const absl::Status parsed = RunGuarded("the relevance is damaged", [&] {
    const nlohmann::json json = nlohmann::json::parse(text);
    json.at("cutoff").get_to(cutoff);
    calibration = json.at("calibration").dump();
  });
  if (!parsed.ok()) return absl::DataLossError(parsed.message());
  if (!(cutoff >= 0 && cutoff <= 1)) {
    return absl::DataLossError(absl::StrCat("the relevance has a cut-off of ", cutoff));
  }
  ASSIGN_OR_RETURN(Calibration read, Calibration::FromJson(calibration));
  return Relevance{std::move(read), cutoff};
}

absl::StatusOr<Relevance> FitRelevance(const std::string& event,
                                       const std::vector<std::string>& names,
                                       absl::Span<const JudgedQuery> queries) {
  std::vector<CalibrationExample> all;
  for (const JudgedQuery& query : queries) all.insert(all.end(), query.begin(), query.end());
  // The order of all photos says which are the likeliest.
  ASSIGN_OR_RETURN(const Calibration coarse, Calibration::Fit(event, names, all));
  ASSIGN_OR_RETURN(Calibration fine, Calibration::Fit(event, names, Likeliest(queries, coarse)));
  const double cutoff = BestCutoff(queries, fine);
  return Relevance{std::move(fine), cutoff};
}

absl::StatusOr<SearchReport> CrossReportSearch(const std::string& event,
                                               const std::vector<std::string>& names,
                                               absl::Span<const JudgedQuery> queries) {
  std::vector<JudgedQuery> halves[2];
  for (size_t i = 0; i < queries.size(); ++i) halves[i % 2].push_back(queries[i]);
  Judge judge;
  for (const int half : {0, 1}) {
    ASSIGN_OR_RETURN(const Relevance relevance, FitRelevance(event, names, halves[1 - half]));
    for (const JudgedQuery& query : halves[half]) judge.Add(query, relevance);
  }
  return judge.Report();
}

std::string SearchReport::ToString() const {
  return absl::StrFormat(
      "%d queries: mean average precision %.1f %% (in any order %.1f); of the hits %.1f %% are "
      "right, which are %.1f %% of all\n%s",
      queries, 100 * mean_average_precision, 100 * by_chance, 100 * precision, 100 * recall,
      confidence.ToString());
}

}  // namespace viv
