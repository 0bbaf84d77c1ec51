// Beam search: each step takes, for each example, the best 2 * beam continuations of its open
// hypotheses. Those that end among the first `beam` are finished; the best `beam` others go on.
#include "models/decoding/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/decoding/repetition.h"

namespace viv {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

struct Example {
  int index = 0;
  SearchLimits limits;
  std::vector<Hypothesis> open;
  std::vector<int> rows;  // of the open hypotheses in the model's batch
  std::vector<Hypothesis> finished;
};

struct Candidate {
  float log_prob;
  int hypothesis;
  int32_t token;
};

// By probability; ties go to the first hypothesis and token, so that the order is one.
bool Better(const Candidate& a, const Candidate& b) {
  if (a.log_prob != b.log_prob) return a.log_prob > b.log_prob;
  if (a.hypothesis != b.hypothesis) return a.hypothesis < b.hypothesis;
  return a.token < b.token;
}

absl::Status CheckOptions(const BeamSearchOptions& o, const std::vector<SearchLimits>& limits) {
  if (o.beam < 1) return absl::InvalidArgumentError(absl::StrCat("a beam of ", o.beam));
  if (o.nbest < 1 || o.nbest > o.beam) {
    return absl::InvalidArgumentError(
        absl::StrCat("nbest is ", o.nbest, ": it must lie between 1 and the beam, ", o.beam));
  }
  if (o.min_length < 0 || o.no_repeat_ngram < 0 || !std::isfinite(o.length_penalty)) {
    return absl::InvalidArgumentError(
        "the minimum length and the repetition limit must not be negative, the length penalty must "
        "be a number");
  }
  for (const SearchLimits& limit : limits) {
    if (limit.max_repeats < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("tokens at most ", limit.max_repeats, " times in a row"));
    }
    if (limit.max_length < 1 || limit.max_length < o.min_length) {
      return absl::InvalidArgumentError(
          absl::StrCat("a maximum length of ", limit.max_length, " tokens"));
    }
    if (limit.max_length < static_cast<int>(limit.required.size())) {
      return absl::InvalidArgumentError(absl::StrCat(
          limit.required.size(), " required tokens in a maximum length of ", limit.max_length));
    }
  }
  return absl::OkStatus();
}

// The tokens that would complete an n-gram that `tokens` already holds.
std::vector<int32_t> RepeatingTokens(const std::vector<int32_t>& tokens, int n) {
  std::vector<int32_t> banned;
  const int size = static_cast<int>(tokens.size());
  for (int i = 0; n > 0 && i + n <= size; ++i) {
    if (std::equal(tokens.end() - (n - 1), tokens.end(), tokens.begin() + i)) {
      banned.push_back(tokens[i + n - 1]);
    }
  }
  return banned;
}

// What of `required` the tokens do not hold yet.
std::vector<int32_t> Outstanding(std::vector<int32_t> required,
                                 const std::vector<int32_t>& tokens) {
  for (const int32_t token : tokens) {
    const auto found = std::find(required.begin(), required.end(), token);
    if (found != required.end()) required.erase(found);
  }
  return required;
}

// Adds the best continuations of a hypothesis to the heap of the best `limit` (worst on top).
void AddCandidates(const float* log_probs, int64_t vocabulary, float so_far, int hypothesis,
                   size_t limit, std::vector<Candidate>& heap) {
  for (int64_t token = 0; token < vocabulary; ++token) {
    const float value = so_far + log_probs[token];
    if (heap.size() == limit && !(value > heap.front().log_prob)) continue;
    if (!(value > kImpossible)) continue;  // impossible, or not a number
    if (heap.size() == limit) {
      std::pop_heap(heap.begin(), heap.end(), Better);
      heap.pop_back();
    }
    heap.push_back({value, hypothesis, static_cast<int32_t>(token)});
    std::push_heap(heap.begin(), heap.end(), Better);
  }
}

Hypothesis Extend(const Hypothesis& from, const Candidate& c, bool ends) {
  Hypothesis next = from;
  if (!ends) next.tokens.push_back(c.token);
  next.token_log_probs.push_back(c.log_prob - from.log_prob);
  next.log_prob = c.log_prob;
  next.ended = ends;
  return next;
}

class Search {
 public:
  Search(StepFunction& model, const std::vector<SearchLimits>& limits,
         const BeamSearchOptions& options)
      : model_(model), options_(options) {
    for (size_t i = 0; i < limits.size(); ++i) {
      Example example;
      example.index = static_cast<int>(i);
      example.limits = limits[i];
      example.open = {Hypothesis()};
      active_.push_back(std::move(example));
      parents_.push_back(static_cast<int>(i));
      tokens_.push_back(options.bos);
    }
    results_.resize(limits.size());
  }

  absl::StatusOr<std::vector<std::vector<Hypothesis>>> Run() {
    for (int length = 1; !active_.empty(); ++length) {
      Tensor log_probs;
      RETURN_IF_ERROR(model_.Step(parents_, tokens_, &log_probs));
      const int64_t rows = static_cast<int64_t>(parents_.size());
      if (log_probs.dtype() != kFloat || log_probs.rank() != 2 || log_probs.dim(0) != rows ||
          options_.eos < 0 || options_.eos >= log_probs.dim(1)) {
        return absl::InternalError(absl::StrCat("the model's step gave ", log_probs.ToString(0),
                                                " for ", rows, " rows and the end at ",
                                                options_.eos));
      }
      RETURN_IF_ERROR(CheckTokens(log_probs.dim(1)));
      RETURN_IF_ERROR(Advance(length, log_probs));
    }
    return std::move(results_);
  }

 private:
  // That the model has the tokens that are asked for.
  absl::Status CheckTokens(int64_t vocabulary) const {
    const auto check = [&](const std::vector<int32_t>& tokens) {
      for (const int32_t token : tokens) {
        if (token >= 0 && token < vocabulary) continue;
        return absl::InvalidArgumentError(
            absl::StrCat("token ", token, " of ", vocabulary, " that the model has"));
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(check(options_.reserved));
    for (const Example& example : active_) RETURN_IF_ERROR(check(example.limits.required));
    return absl::OkStatus();
  }

  // One step of every example. `length`: tokens of its hypotheses afterwards.
  absl::Status Advance(int length, Tensor& log_probs) {
    const int64_t vocabulary = log_probs.dim(1);
    parents_.clear();
    tokens_.clear();
    int row = 0;
    std::vector<Example> still_active;
    for (Example& example : active_) {
      std::vector<Candidate> best;
      const int first_row = row;
      for (size_t i = 0; i < example.open.size(); ++i, ++row) {
        float* values = log_probs.mutable_data<float>() + row * vocabulary;
        Forbid(example.open[i].tokens, example.limits, vocabulary, values);
        AddCandidates(values, vocabulary, example.open[i].log_prob, static_cast<int>(i),
                      2 * static_cast<size_t>(options_.beam), best);
      }
      std::sort(best.begin(), best.end(), Better);
      Take(best, first_row, example);
      if (example.open.empty() || length == example.limits.max_length ||
          static_cast<int>(example.finished.size()) >= options_.beam) {
        RETURN_IF_ERROR(Close(example));
      } else {
        for (const Hypothesis& h : example.open) tokens_.push_back(h.tokens.back());
        parents_.insert(parents_.end(), example.rows.begin(), example.rows.end());
        still_active.push_back(std::move(example));
      }
    }
    active_ = std::move(still_active);
    return absl::OkStatus();
  }

  void Forbid(const std::vector<int32_t>& tokens, const SearchLimits& limits, int64_t vocabulary,
              float* values) const {
    const int length = static_cast<int>(tokens.size());
    const std::vector<int32_t> outstanding = Outstanding(limits.required, tokens);
    std::vector<float> of_outstanding;
    for (const int32_t token : outstanding) of_outstanding.push_back(values[token]);
    if (length < options_.min_length) values[options_.eos] = kImpossible;
    for (const int32_t token : RepeatingTokens(tokens, options_.no_repeat_ngram)) {
      if (token < vocabulary) values[token] = kImpossible;
    }
    if (limits.max_repeats > 0) {
      for (const int32_t token : TokensThatRepeat(tokens, limits.max_repeats)) {
        values[token] = kImpossible;
      }
    }
    if (!outstanding.empty()) values[options_.eos] = kImpossible;
    if (length + static_cast<int>(outstanding.size()) >= limits.max_length) {
      std::fill_n(values, vocabulary, kImpossible);
    }
    for (const int32_t token : options_.reserved) values[token] = kImpossible;
    for (size_t i = 0; i < outstanding.size(); ++i) values[outstanding[i]] = of_outstanding[i];
  }

  // Replaces the open hypotheses by the best continuations.
  void Take(const std::vector<Candidate>& best, int first_row, Example& example) {
    std::vector<Hypothesis> next;
    example.rows.clear();
    for (size_t rank = 0; rank < best.size(); ++rank) {
      if (static_cast<int>(next.size()) == options_.beam) break;
      const Candidate& c = best[rank];
      const bool ends = c.token == options_.eos;
      if (ends && static_cast<int>(rank) >= options_.beam) continue;
      Hypothesis extended = Extend(example.open[c.hypothesis], c, ends);
      if (ends) {
        example.finished.push_back(std::move(extended));
      } else {
        next.push_back(std::move(extended));
        example.rows.push_back(first_row + c.hypothesis);
      }
    }
    example.open = std::move(next);
  }

  // Ranks what is finished, or else what was cut, and stores the best.
  absl::Status Close(Example& example) {
    std::vector<Hypothesis>& all = example.finished;
    for (Hypothesis& h : example.open) {
      if (static_cast<int>(h.tokens.size()) == example.limits.max_length)
        all.push_back(std::move(h));
    }
    if (all.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "example ", example.index, " of the batch has no possible continuation left"));
    }
    for (Hypothesis& h : all) {
      const float length = static_cast<float>(h.token_log_probs.size());
      h.score = h.log_prob / std::pow((5 + length) / 6, options_.length_penalty);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    if (static_cast<int>(all.size()) > options_.nbest) all.resize(options_.nbest);
    results_[example.index] = std::move(all);
    return absl::OkStatus();
  }

  StepFunction& model_;
  const BeamSearchOptions options_;
  std::vector<Example> active_;
  std::vector<int> parents_;
  std::vector<int32_t> tokens_;
  std::vector<std::vector<Hypothesis>> results_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<Hypothesis>>> BeamSearch(
    StepFunction& model, const std::vector<SearchLimits>& limits,
    const BeamSearchOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options, limits));
  return Search(model, limits, options).Run();
}

}  // namespace viv
