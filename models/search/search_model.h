// What photos are searched with, beside a classifier: words that photos are known by, and how
// probable it is that a hit is what was looked for.
#ifndef VIV_MODELS_SEARCH_SEARCH_MODEL_H_
#define VIV_MODELS_SEARCH_SEARCH_MODEL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/bundle/bundle.h"
#include "models/search/relevance.h"
#include "models/search/word_tagger.h"

namespace viv {

struct SearchModelInfo {
  std::vector<std::string> words;   // that photos are known by, one for each of the tagger's
  std::vector<std::string> labels;  // of the classifier
  // The bundles that the photos are to be looked at with (BundleFingerprint). A captioner is not
  // needed: "" for none.
  std::string classifier, captioner;
  bool non_commercial = false;
};

// What hits are judged by: words against photos, and photos against photos.
struct SearchRelevance {
  Relevance text, likeness;
};

// Safe for concurrent use.
class SearchModel {
 public:
  // NotFound, DataLoss, FailedPrecondition as ReadBundle; InvalidArgument where the parts of the
  // bundle do not fit each other.
  static absl::StatusOr<std::unique_ptr<SearchModel>> Load(Env* env, const std::string& directory);

  const SearchModelInfo& info() const { return info_; }
  const SearchRelevance& relevance() const { return relevance_; }
  // Tells models apart: an index holds what one of them saw.
  const std::string& fingerprint() const { return fingerprint_; }
  const WordTagger& tagger() const { return tagger_; }

 private:
  SearchModel(SearchModelInfo info, SearchRelevance relevance, WordTagger tagger,
              std::string fingerprint)
      : info_(std::move(info)),
        relevance_(std::move(relevance)),
        tagger_(std::move(tagger)),
        fingerprint_(std::move(fingerprint)) {}

  SearchModelInfo info_;
  SearchRelevance relevance_;
  WordTagger tagger_;
  std::string fingerprint_;
};

// A bundle of kind "search_photos". `weights`: of a WordLayer, for so many `features`.
absl::StatusOr<Bundle> MakeSearchBundle(const SearchModelInfo& info,
                                        const SearchRelevance& relevance, int64_t features,
                                        const NamedTensors& weights, const std::string& licence,
                                        const std::string& card);

// The bundle that comes with the programs; NotFound says what to do.
absl::StatusOr<std::string> FindSearchBundle(Env* env);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_SEARCH_MODEL_H_
