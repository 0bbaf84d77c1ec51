// What decoding asks of a model: the next token's probabilities, for a batch of hypotheses.
#ifndef VIV_MODELS_DECODING_STEP_FUNCTION_H_
#define VIV_MODELS_DECODING_STEP_FUNCTION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/tensor/tensor.h"

namespace viv {

// The tokens of a step that a search looks at, for each row.
struct StepChoices {
  int64_t vocabulary = 0;
  // [rows, n]: the n most probable tokens, int64, the best first (equal ones by number), and the
  // logarithms of their probabilities.
  Tensor best, best_log_probs;
  // [rows, watched]: the logarithms of the probabilities of the watched tokens.
  Tensor watched_log_probs;
};

// A model with a batch of rows, each the state of one hypothesis. It starts with one row for each
// example, in order.
class StepFunction {
 public:
  virtual ~StepFunction() = default;
  // Makes a new batch whose row i is row parents[i] of the old one after reading tokens[i] (in the
  // first call: the token that begins a sequence), and sets `log_probs` to [rows, vocabulary],
  // floats: the logarithms of the probabilities of the token that follows. A row may have several
  // children or none.
  virtual absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                            Tensor* log_probs) = 0;
  // The same step where a search wants little of a large vocabulary: at least the `best` most
  // probable tokens of each row (all where there are fewer), and the tokens `watched`, which lie in
  // the vocabulary (else InvalidArgument). A model that can find them itself overrides it.
  virtual absl::Status StepChoosing(const std::vector<int>& parents,
                                    const std::vector<int32_t>& tokens, int64_t best,
                                    const std::vector<int32_t>& watched, StepChoices* choices);
};

// That tokens lie in a vocabulary: InvalidArgument names the first that does not.
absl::Status CheckTokens(const std::vector<int32_t>& tokens, int64_t vocabulary);

}  // namespace viv

#endif  // VIV_MODELS_DECODING_STEP_FUNCTION_H_
