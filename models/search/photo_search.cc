// Words are looked for in all photos, which takes a microsecond each; likeness goes by the graph of
// neighbours.
#include "models/search/photo_search.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "models/search/text_query.h"

namespace viv {
namespace {

// So many neighbours are judged for each hit: the most similar need not be the most relevant.
constexpr int64_t kNeighbours = 20;

// Keeps the most relevant of `all`, which have no reasons yet.
SearchResult Choose(std::vector<Hit> all, double cutoff, int most) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Hit& a, const Hit& b) { return a.relevance > b.relevance; });
  SearchResult result = {.best = all.empty() ? 0 : all.front().relevance};
  for (Hit& hit : all) {
    if (hit.relevance < cutoff || static_cast<int>(result.hits.size()) == most) break;
    result.hits.push_back(std::move(hit));
  }
  return result;
}

}  // namespace

absl::StatusOr<SearchResult> SearchByText(const SearchModel& model, const PhotoIndex& index,
                                          const std::string& query, const SearchOptions& options) {
  const TextQuery asked(query, model.info());
  if (asked.empty() && asked.unknown().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", query, "' has no word that says what is on a photo"));
  }
  const Relevance& relevance = model.relevance().text;
  std::vector<Hit> all;
  if (!asked.empty()) {
    for (const IndexedPhoto* photo : index.photos()) {
      all.push_back({photo, relevance.calibration.Probability(asked.Features(*photo)), ""});
    }
  }
  SearchResult result =
      Choose(std::move(all), options.min_relevance.value_or(relevance.cutoff), options.most);
  for (Hit& hit : result.hits) hit.reason = asked.Reason(*hit.photo);
  result.unknown = asked.unknown();
  return result;
}

absl::StatusOr<SearchResult> SearchByPhoto(const SearchModel& model, const PhotoIndex& index,
                                           const SeenPhoto& photo, const SearchOptions& options) {
  const Relevance& relevance = model.relevance().likeness;
  ASSIGN_OR_RETURN(const std::vector<SimilarPhoto> near,
                   index.Nearest(photo.embedding, kNeighbours * (options.most + 1)));
  std::vector<Hit> all;
  for (const SimilarPhoto& similar : near) {
    if (similar.photo->path == options.except) continue;
    const std::vector<double> features =
        LikenessFeatures(photo.labels, *similar.photo, similar.similarity);
    std::string reason = absl::StrFormat("similarity %.2f", similar.similarity);
    if (!photo.labels.empty() && !similar.photo->labels.empty() &&
        photo.labels.front().label == similar.photo->labels.front().label) {
      absl::StrAppend(&reason, ", both ", model.info().labels[photo.labels.front().label]);
    }
    all.push_back({similar.photo, relevance.calibration.Probability(features), std::move(reason)});
  }
  return Choose(std::move(all), options.min_relevance.value_or(relevance.cutoff), options.most);
}

}  // namespace viv
