// Chooses tokens inside of a graph, so that of a large vocabulary only the few that a search looks
// at leave it.
#ifndef VIV_MODELS_DECODING_TOKEN_CHOOSER_H_
#define VIV_MODELS_DECODING_TOKEN_CHOOSER_H_

#include <vector>

#include "core/graph/builder.h"
#include "core/runtime/session.h"
#include "models/decoding/step_function.h"

namespace viv {

class TokenChooser {
 public:
  // Chooses nothing.
  TokenChooser() = default;
  // Adds nodes over log_probs: [rows, vocabulary], float, to its graph.
  TokenChooser(BuilderRef b, Output log_probs, int64_t vocabulary);

  // Whether it can find so many of a row's most probable tokens.
  bool Finds(int64_t best) const;
  // Adds to a run of `rows` rows what is fed and fetched for these choices; Finds(best), and the
  // tokens lie in the vocabulary.
  absl::Status AddTo(int64_t rows, int64_t best, const std::vector<int32_t>& watched, Feeds* feeds,
                     std::vector<Output>* fetches) const;
  // Reads what the fetches that AddTo added gave.
  StepChoices Read(absl::Span<const Tensor> results) const;
  static constexpr int kFetches = 3;

 private:
  struct Best {
    int64_t count;
    Output tokens, log_probs;
  };
  int64_t vocabulary_ = 0;
  // By rising count; which of them a run computes is up to its fetches.
  std::vector<Best> best_;
  Output watched_, watched_log_probs_;
};

}  // namespace viv

#endif  // VIV_MODELS_DECODING_TOKEN_CHOOSER_H_
