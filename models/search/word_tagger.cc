// The tagger in a graph of its own, as a bundle keeps it.
#include "models/search/word_tagger.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/status.h"
#include "core/checkpoint/checkpoint.h"
#include "core/data/dataset.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

constexpr char kSignature[] = "words", kFeatures[] = "features", kProbabilities[] = "probabilities";
// Of a photo, so many words are kept that are at least so probable.
constexpr size_t kMostWords = 64;
constexpr float kLeastProbable = 0.01f;

// Of a row of probabilities, the likeliest first.
std::vector<IndexedLabel> LikeliestWords(absl::Span<const float> probabilities) {
  std::vector<IndexedLabel> words;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] < kLeastProbable) continue;
    words.push_back({static_cast<int32_t>(i), probabilities[i]});
  }
  std::stable_sort(words.begin(), words.end(), [](const IndexedLabel& a, const IndexedLabel& b) {
    return a.confidence > b.confidence;
  });
  words.resize(std::min(words.size(), kMostWords));
  return words;
}

}  // namespace

// Features of length 1 are brought to entries of about 1.
WordLayer::WordLayer(BuilderRef b, int64_t features, int64_t words)
    : scale_(std::sqrt(static_cast<float>(features))), linear_(b, "words", features, words) {}

Output WordLayer::Apply(BuilderRef b, Output features) const {
  return linear_.Apply(b, Mul(b, features, Const(b, scale_)));
}

absl::StatusOr<LoadedGraph> WordTagger::MakeGraph(int64_t features, int64_t words) {
  LoadedGraph made = {.graph = std::make_unique<Graph>()};
  const GraphBuilder b(made.graph.get());
  const WordLayer layer(b, features, words);
  const Output input = Placeholder(b, kFloat, {-1, features});
  Signature& signature = made.signatures[kSignature];
  signature.feeds[kFeatures] = input;
  signature.fetches[kProbabilities] = Sigmoid(b, layer.Apply(b, input));
  RETURN_IF_ERROR(b.status());
  return made;
}

absl::StatusOr<WordTagger> WordTagger::Make(LoadedGraph graph, const NamedTensors& weights,
                                            int64_t words) {
  Signature& signature = graph.signatures[kSignature];
  const Output features = signature.feeds[kFeatures];
  const Output probabilities = signature.fetches[kProbabilities];
  const auto is_matrix = [](Output o) {
    return o.valid() && o.index >= 0 && o.dtype() == kFloat && o.shape().Compatible({-1, -1});
  };
  if (!is_matrix(features) || !is_matrix(probabilities) ||
      !features.shape().Compatible({-1, features.shape().dim(1)}) || features.shape().dim(1) < 1 ||
      !probabilities.shape().Compatible({-1, words})) {
    return absl::InvalidArgumentError(
        absl::StrCat("the graph does not go from features to ", words, " words"));
  }
  const GraphBuilder b(std::move(graph.graph));
  ASSIGN_OR_RETURN(Session session, Session::Create(b));
  RETURN_IF_ERROR(RestoreVariables(session, b.graph(), weights));
  return WordTagger(std::move(session), features, probabilities);
}

absl::StatusOr<std::vector<std::vector<IndexedLabel>>> WordTagger::Words(
    const std::vector<std::vector<float>>& features) const {
  std::vector<std::vector<IndexedLabel>> all;
  if (features.empty()) return all;
  std::vector<Example> rows;
  for (const std::vector<float>& row : features) rows.push_back({Tensor::Vector<float>(row)});
  ASSIGN_OR_RETURN(const Example batch, StackExamples(rows));
  ASSIGN_OR_RETURN(const std::vector<Tensor> results,
                   session_.Run({{features_, batch[0]}}, {probabilities_}));
  const int64_t words = results[0].dim(1);
  for (int64_t i = 0; i < results[0].dim(0); ++i) {
    all.push_back(LikeliestWords(results[0].flat<float>().subspan(i * words, words)));
  }
  return all;
}

}  // namespace viv
