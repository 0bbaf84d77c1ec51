// How probable it is that a photo is what somebody looks for, and from where on it is shown.
#ifndef VIV_MODELS_SEARCH_RELEVANCE_H_
#define VIV_MODELS_SEARCH_RELEVANCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/bundle/calibration.h"
#include "core/bundle/confidence_report.h"

namespace viv {

// What a search knows of a photo, and whether that was wanted: of all photos for one query.
using JudgedQuery = std::vector<CalibrationExample>;

struct Relevance {
  Calibration calibration;
  // Photos that are less probably relevant are no hits.
  double cutoff = 0;

  std::string ToJson() const;
  // DataLoss for a text that makes no sense.
  static absl::StatusOr<Relevance> FromJson(const std::string& text);
};

// The calibration is fitted to the likeliest photos of each query, among which hits are found; the
// cut-off is that with which all hits of all queries have the best F1 (the harmonic mean of their
// precision and recall). Errors of Calibration::Fit.
absl::StatusOr<Relevance> FitRelevance(const std::string& event,
                                       const std::vector<std::string>& names,
                                       absl::Span<const JudgedQuery> queries);

// What a search is worth.
struct SearchReport {
  int64_t queries = 0;
  // The mean over queries of the average precision of all photos in the order of their relevance,
  // and of any order.
  double mean_average_precision = 0, by_chance = 0;
  // Of the hits of all queries.
  double precision = 0, recall = 0;
  // Of the ten most relevant photos of each query.
  ConfidenceReport confidence;

  // A few lines for people.
  std::string ToString() const;
};

// Each half of the queries (every second one) is judged by what is fitted to the other. Errors of
// FitRelevance.
absl::StatusOr<SearchReport> CrossReportSearch(const std::string& event,
                                               const std::vector<std::string>& names,
                                               absl::Span<const JudgedQuery> queries);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_RELEVANCE_H_
