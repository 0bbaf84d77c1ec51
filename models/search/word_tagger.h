// The words that people would use for a photo, told from its features: one logistic regression for
// each word (after Fang et al., "From captions to visual concepts and back", 2015).
#ifndef VIV_MODELS_SEARCH_WORD_TAGGER_H_
#define VIV_MODELS_SEARCH_WORD_TAGGER_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph_def.h"
#include "core/runtime/session.h"
#include "core/tensor/safetensors.h"
#include "models/layers/linear.h"
#include "models/search/photo_index.h"

namespace viv {

// The layer. Its variables are "words/...".
class WordLayer {
 public:
  WordLayer(BuilderRef b, int64_t features, int64_t words);
  // features: [N, F], of length 1 -> logits [N, words].
  Output Apply(BuilderRef b, Output features) const;

 private:
  float scale_;
  Linear linear_;
};

// Safe for concurrent use.
class WordTagger {
 public:
  // A graph for it, without the values of its variables.
  static absl::StatusOr<LoadedGraph> MakeGraph(int64_t features, int64_t words);
  // Of such a graph and its values. Neither is trusted: InvalidArgument for what does not fit.
  static absl::StatusOr<WordTagger> Make(LoadedGraph graph, const NamedTensors& weights,
                                         int64_t words);

  // How many features of a photo there are.
  int64_t features() const { return features_.shape().dim(1); }
  // The likeliest words of photos with these features, as PhotoClassifier gives them. An error of
  // the run for another number of them.
  absl::StatusOr<std::vector<std::vector<IndexedLabel>>> Words(
      const std::vector<std::vector<float>>& features) const;

 private:
  WordTagger(Session session, Output features, Output probabilities)
      : session_(std::move(session)), features_(features), probabilities_(probabilities) {}

  mutable Session session_;
  Output features_, probabilities_;
};

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_WORD_TAGGER_H_
