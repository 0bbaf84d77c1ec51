// All sequences of all examples are rows of one batch; those that have ended leave it.
#include "models/decoding/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "models/decoding/repetition.h"

namespace viv {
namespace {

struct Row {
  Hypothesis sequence;
  int example = 0;
  RandomStream random{0};
};

absl::Status CheckOptions(const SamplingOptions& o) {
  if (o.count < 1 || o.max_length < 1 || o.no_repeat_ngram < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(o.count, " sequences of at most ", o.max_length, " tokens"));
  }
  if (!(o.temperature > 0 && std::isfinite(o.temperature)) || !(o.nucleus > 0 && o.nucleus <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the temperature is ", o.temperature, " and the nucleus ", o.nucleus,
                     ": the first must be above 0, the second above 0 and at most 1"));
  }
  return absl::OkStatus();
}

// One of the row's tokens, by log probabilities [V]; -1 where none is possible.
int32_t Draw(const float* log_probs, int64_t vocabulary, const std::vector<int32_t>& banned,
             const SamplingOptions& options, RandomStream& random) {
  std::vector<int32_t> order;
  for (int32_t token = 0; token < vocabulary; ++token) {
    const bool possible = std::isfinite(log_probs[token]) &&
                          std::find(banned.begin(), banned.end(), token) == banned.end();
    if (possible) order.push_back(token);
  }
  if (order.empty()) return -1;
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return log_probs[a] > log_probs[b]; });
  std::vector<double> weights;
  double sum = 0;
  for (const int32_t token : order) {
    weights.push_back(std::exp((log_probs[token] - log_probs[order[0]]) / options.temperature));
    sum += weights.back();
  }
  double nucleus = 0;
  size_t kept = 0;
  while (kept < weights.size() && nucleus < options.nucleus * sum) nucleus += weights[kept++];
  double left = random.Uniform() * nucleus;
  for (size_t i = 0; i + 1 < kept; ++i) {
    left -= weights[i];
    if (left < 0) return order[i];
  }
  return order[kept - 1];
}

}  // namespace

absl::StatusOr<std::vector<std::vector<Hypothesis>>> SampleSequences(
    StepFunction& model, int examples, const SamplingOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::vector<Row> rows;
  std::vector<int> parents;
  std::vector<int32_t> tokens;
  for (int example = 0; example < examples; ++example) {
    for (int i = 0; i < options.count; ++i) {
      // What is drawn for an example does not depend on the others.
      rows.push_back({.example = example,
                      .random = RandomStream(HashCombine(options.seed, static_cast<uint64_t>(i)))});
      parents.push_back(example);
      tokens.push_back(options.bos);
    }
  }
  std::vector<std::vector<Hypothesis>> results(examples);
  while (!rows.empty()) {
    Tensor log_probs;
    RETURN_IF_ERROR(model.Step(parents, tokens, &log_probs));
    const int64_t vocabulary = log_probs.dim(1);
    std::vector<Row> open;
    parents.clear();
    tokens.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      Hypothesis& sequence = rows[i].sequence;
      const float* row = log_probs.data<float>() + static_cast<int64_t>(i) * vocabulary;
      std::vector<int32_t> banned = CompletedNgrams(sequence.tokens, options.no_repeat_ngram);
      banned.insert(banned.end(), options.reserved.begin(), options.reserved.end());
      const int32_t token = Draw(row, vocabulary, banned, options, rows[i].random);
      if (token < 0) return absl::InvalidArgumentError("no token can follow");
      sequence.token_log_probs.push_back(row[token]);
      sequence.log_prob += row[token];
      sequence.ended = token == options.eos;
      if (!sequence.ended) sequence.tokens.push_back(token);
      if (sequence.ended || static_cast<int>(sequence.tokens.size()) == options.max_length) {
        sequence.score = sequence.log_prob;
        results[rows[i].example].push_back(std::move(sequence));
        continue;
      }
      parents.push_back(static_cast<int>(i));
      tokens.push_back(token);
      open.push_back(std::move(rows[i]));
    }
    rows = std::move(open);
  }
  for (std::vector<Hypothesis>& drawn : results) {
    std::stable_sort(drawn.begin(), drawn.end(),
                     [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  }
  return results;
}

}  // namespace viv
