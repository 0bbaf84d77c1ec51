// Choosing among the tokens of a model that only tells all probabilities.
#include "models/decoding/step_function.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {

absl::Status CheckTokens(const std::vector<int32_t>& tokens, int64_t vocabulary) {
  for (const int32_t token : tokens) {
    if (token >= 0 && token < vocabulary) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("token ", token, " of ", vocabulary, " that the model has"));
  }
  return absl::OkStatus();
}

absl::Status StepFunction::StepChoosing(const std::vector<int>& parents,
                                        const std::vector<int32_t>& tokens, int64_t best,
                                        const std::vector<int32_t>& watched, StepChoices* choices) {
  Tensor log_probs;
  RETURN_IF_ERROR(Step(parents, tokens, &log_probs));
  const auto rows = static_cast<int64_t>(parents.size());
  if (log_probs.dtype() != kFloat || log_probs.rank() != 2 || log_probs.dim(0) != rows) {
    return absl::InternalError(
        absl::StrCat("the model's step gave ", log_probs.ToString(0), " for ", rows, " rows"));
  }
  const int64_t vocabulary = log_probs.dim(1);
  RETURN_IF_ERROR(CheckTokens(watched, vocabulary));
  const int64_t n = std::min(best, vocabulary), m = static_cast<int64_t>(watched.size());
  choices->vocabulary = vocabulary;
  ASSIGN_OR_RETURN(choices->best, Tensor::Make(kInt64, {rows, n}));
  ASSIGN_OR_RETURN(choices->best_log_probs, Tensor::Make(kFloat, {rows, n}));
  ASSIGN_OR_RETURN(choices->watched_log_probs, Tensor::Make(kFloat, {rows, m}));
  std::vector<int64_t> order(vocabulary);
  for (int64_t r = 0; r < rows; ++r) {
    const float* x = log_probs.data<float>() + r * vocabulary;
    std::iota(order.begin(), order.end(), int64_t{0});
    // NaN, of which nothing is made, comes last.
    std::partial_sort(order.begin(), order.begin() + n, order.end(), [x](int64_t a, int64_t b) {
      if (x[a] > x[b] || x[a] < x[b]) return x[a] > x[b];
      const bool a_is_number = x[a] == x[a], b_is_number = x[b] == x[b];
      return a_is_number != b_is_number ? a_is_number : a < b;
    });
    std::copy_n(order.begin(), n, choices->best.mutable_data<int64_t>() + r * n);
    for (int64_t i = 0; i < n; ++i) {
      choices->best_log_probs.mutable_data<float>()[r * n + i] = x[order[i]];
    }
    for (int64_t i = 0; i < m; ++i) {
      choices->watched_log_probs.mutable_data<float>()[r * m + i] = x[watched[i]];
    }
  }
  return absl::OkStatus();
}

}  // namespace viv
