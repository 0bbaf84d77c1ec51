// Sequences drawn from a step function: several plausible ones in place of the most probable.
#ifndef VIV_MODELS_DECODING_SAMPLING_H_
#define VIV_MODELS_DECODING_SAMPLING_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "models/decoding/beam_search.h"

namespace viv {

struct SamplingOptions {
  // Sequences for each example.
  int count = 1;
  // Log probabilities are divided by it: below 1 the probable becomes more probable.
  float temperature = 1;
  // Tokens are drawn from the fewest most probable ones that have this probability together
  // (Holtzman et al. 2020).
  float nucleus = 0.9f;
  int max_length = 50;
  // No sequence of as many tokens occurs twice; 0: they may.
  int no_repeat_ngram = 0;
  int32_t bos = 1;
  int32_t eos = 2;
  // Tokens that are never drawn.
  std::vector<int32_t> reserved;
  uint64_t seed = 1;
};

// For each of `examples` `count` hypotheses, the most probable first; the probabilities are the
// model's own. A function of the model and the options alone. InvalidArgument for senseless options
// and where no token can follow.
absl::StatusOr<std::vector<std::vector<Hypothesis>>> SampleSequences(
    StepFunction& model, int examples, const SamplingOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_DECODING_SAMPLING_H_
