// How the result of a search is shown: lines, JSON, and a page.
#ifndef VIV_MODELS_SEARCH_SEARCH_FORMAT_H_
#define VIV_MODELS_SEARCH_SEARCH_FORMAT_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "models/search/photo_search.h"

namespace viv {

// A line for each hit, with its relevance, path, sentence and reason; "nothing found", and how
// relevant the best photo is, where there are none.
std::string FormatHits(const SearchResult& result);

// One line: "input", "confidence" (the relevance of the most relevant photo), "hits", each with
// "path", "relevance", "reason" and "caption"; "unknown_words" and "abstained" (there is no hit)
// where they say something.
std::string HitsToJson(const std::string& input, const SearchResult& result);

// The hits with small pictures in them, in one file of HTML. A photo that cannot be read meanwhile
// is there without its picture.
absl::StatusOr<std::string> HitsToHtml(Env* env, const std::string& input,
                                       const SearchResult& result);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_SEARCH_FORMAT_H_
