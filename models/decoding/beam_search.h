// Beam search over a step function: the most probable sequences of each example of a batch.
#ifndef VIV_MODELS_DECODING_BEAM_SEARCH_H_
#define VIV_MODELS_DECODING_BEAM_SEARCH_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "models/decoding/step_function.h"

namespace viv {

struct BeamSearchOptions {
  // Hypotheses kept for each example; 1 is greedy search.
  int beam = 5;
  // Finished hypotheses returned, best first; at most `beam`.
  int nbest = 1;
  // Wu et al. 2016: a score is the log probability / ((5 + length) / 6)^length_penalty.
  float length_penalty = 0.6f;
  // Added to the log probability for each token before the end, in the search and in scores: longer
  // hypotheses than the model prefers (He et al. 2016; Murray and Chiang 2018).
  float length_reward = 0;
  // The end may not come before as many tokens.
  int min_length = 0;
  // No sequence of as many tokens occurs twice in a hypothesis; 0: they may.
  int no_repeat_ngram = 0;
  int32_t bos = 1;
  int32_t eos = 2;
  // Tokens that occur only where SearchLimits::required asks for them.
  std::vector<int32_t> reserved;
};

// Of one example.
struct SearchLimits {
  int max_length = 0;
  // So often at most the same tokens, up to kLongestRepeated of them, stand in a row (but for
  // required ones); 0: any number.
  int max_repeats = 0;
  // Tokens that a hypothesis must hold before it may end, each as often as it is named; of reserved
  // ones it then holds no more. Where they would not fit otherwise, they end what was cut.
  std::vector<int32_t> required;
};

struct Hypothesis {
  // Without begin and end.
  std::vector<int32_t> tokens;
  // Of each token and, where it ended, of the end.
  std::vector<float> token_log_probs;
  // Their sum, and the sum under the length penalty, by which hypotheses are ranked.
  float log_prob = 0;
  float score = 0;
  // False where the sequence was cut at the maximum length.
  bool ended = false;
};

// For example i, at most limits[i].max_length tokens; its hypotheses are result[i]. An example is
// done when `beam` hypotheses have ended or nothing is left to extend; its rows then leave the
// batch, so examples do not wait for each other. What happens to one example does not depend on the
// others. InvalidArgument for senseless options or where every continuation of an example is
// impossible.
absl::StatusOr<std::vector<std::vector<Hypothesis>>> BeamSearch(
    StepFunction& model, const std::vector<SearchLimits>& limits, const BeamSearchOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_DECODING_BEAM_SEARCH_H_
