// What decoding asks of a model: the next token's probabilities, for a batch of hypotheses.
#ifndef VIV_MODELS_DECODING_STEP_FUNCTION_H_
#define VIV_MODELS_DECODING_STEP_FUNCTION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/tensor/tensor.h"

namespace viv {

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
};

}  // namespace viv

#endif  // VIV_MODELS_DECODING_STEP_FUNCTION_H_
