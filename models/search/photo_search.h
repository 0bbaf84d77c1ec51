// Photos of an index that show what was asked for.
#ifndef VIV_MODELS_SEARCH_PHOTO_SEARCH_H_
#define VIV_MODELS_SEARCH_PHOTO_SEARCH_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/search/photo_index.h"
#include "models/search/search_model.h"
#include "models/search/update_index.h"

namespace viv {

struct Hit {
  const IndexedPhoto* photo = nullptr;
  double relevance = 0;  // how probable it is that it is what was asked for
  std::string reason;    // why, for people
};

struct SearchResult {
  std::vector<Hit> hits;  // the most relevant first; perhaps none
  double best = 0;        // the relevance of the most relevant photo, hit or not
  // Words of the query that no photo is known by.
  std::vector<std::string> unknown;
};

struct SearchOptions {
  int most = 20;  // hits
  // What is less relevant is no hit; the learnt cut-off where there is none.
  std::optional<double> min_relevance;
  // A photo that is not to be found: the one that others are to be like.
  std::string except;
};

// InvalidArgument for a query without a word that says what is on a photo.
absl::StatusOr<SearchResult> SearchByText(const SearchModel& model, const PhotoIndex& index,
                                          const std::string& query, const SearchOptions& options);

// Photos like another one, which the index need not have. Errors of PhotoIndex::Nearest.
absl::StatusOr<SearchResult> SearchByPhoto(const SearchModel& model, const PhotoIndex& index,
                                           const SeenPhoto& photo, const SearchOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_PHOTO_SEARCH_H_
