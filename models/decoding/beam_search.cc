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
  float rank;  // the log probability and the reward of the step
  float log_prob;
  int hypothesis;
  int32_t token;
};

// By rank; ties go to the first hypothesis and token, so that the order is one.
bool Better(const Candidate& a, const Candidate& b) {
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.hypothesis != b.hypothesis) return a.hypothesis < b.hypothesis;
  return a.token < b.token;
}

absl::Status CheckOptions(const BeamSearchOptions& o, const std::vector<SearchLimits>& limits) {
  if (o.beam < 1) return absl::InvalidArgumentError(absl::StrCat("a beam of ", o.beam));
  if (o.nbest < 1 || o.nbest > o.beam) {
    return absl::InvalidArgumentError(
        absl::StrCat("nbest is ", o.nbest, ": it must lie between 1 and the beam, ", o.beam));
  }
  if (o.min_length < 0 || o.no_repeat_ngram < 0 || !std::isfinite(o.length_penalty) ||
      !std::isfinite(o.length_reward)) {
    return absl::InvalidArgumentError(
        "the minimum length and the repetition limit must not be negative, the length's penalty "
        "and "
        "reward must be numbers");
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

// What of `required` the tokens do not hold yet.
std::vector<int32_t> Outstanding(std::vector<int32_t> required,
                                 const std::vector<int32_t>& tokens) {
  for (const int32_t token : tokens) {
    const auto found = std::find(required.begin(), required.end(), token);
    if (found != required.end()) required.erase(found);
  }
  return required;
}

// Adds a continuation to the heap of the best `limit` (worst on top), unless it is impossible or
// not a number. False where it and all that are less probable have no place.
bool AddCandidate(const Candidate& candidate, size_t limit, std::vector<Candidate>& heap) {
  if (!(candidate.log_prob > kImpossible)) return false;
  if (heap.size() == limit) {
    if (!Better(candidate, heap.front())) return candidate.rank == heap.front().rank;
    std::pop_heap(heap.begin(), heap.end(), Better);
    heap.pop_back();
  }
  heap.push_back(candidate);
  std::push_heap(heap.begin(), heap.end(), Better);
  return true;
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
      watched_.insert(watched_.end(), limits[i].required.begin(), limits[i].required.end());
    }
    watched_.push_back(options.eos);
    watched_.insert(watched_.end(), options.reserved.begin(), options.reserved.end());
    std::sort(watched_.begin(), watched_.end());
    watched_.erase(std::unique(watched_.begin(), watched_.end()), watched_.end());
    results_.resize(limits.size());
  }

  absl::StatusOr<std::vector<std::vector<Hypothesis>>> Run() {
    for (int length = 1; !active_.empty(); ++length) {
      StepChoices choices;
      // So many that enough are left without those that may not come or are watched.
      const int64_t best = 2 * static_cast<int64_t>(options_.beam) +
                           static_cast<int64_t>(watched_.size()) + FindRepeating();
      RETURN_IF_ERROR(model_.StepChoosing(parents_, tokens_, best, watched_, &choices));
      RETURN_IF_ERROR(CheckChoices(choices, best));
      RETURN_IF_ERROR(Advance(length, choices));
    }
    return std::move(results_);
  }

 private:
  // The tokens that may not come next, for they would repeat too much.
  std::vector<int32_t> Repeating(const Hypothesis& from, const SearchLimits& limits) const {
    std::vector<int32_t> repeating = CompletedNgrams(from.tokens, options_.no_repeat_ngram);
    if (limits.max_repeats > 0) {
      const std::vector<int32_t> more = TokensThatRepeat(from.tokens, limits.max_repeats);
      repeating.insert(repeating.end(), more.begin(), more.end());
    }
    return repeating;
  }

  // Finds them for each row, and returns how many they are at most.
  int64_t FindRepeating() {
    size_t most = 0;
    repeating_.clear();
    for (const Example& example : active_) {
      for (const Hypothesis& from : example.open) {
        repeating_.push_back(Repeating(from, example.limits));
        most = std::max(most, repeating_.back().size());
      }
    }
    return static_cast<int64_t>(most);
  }

  absl::Status CheckChoices(const StepChoices& choices, int64_t best) const {
    const auto rows = static_cast<int64_t>(parents_.size());
    const auto is = [rows](const Tensor& x, DType dtype, int64_t columns) {
      return x.dtype() == dtype && x.rank() == 2 && x.dim(0) == rows && x.dim(1) >= columns;
    };
    if (is(choices.best, kInt64, std::min(best, choices.vocabulary)) &&
        is(choices.best_log_probs, kFloat, choices.best.dim(1)) &&
        choices.best_log_probs.shape() == choices.best.shape() &&
        is(choices.watched_log_probs, kFloat, static_cast<int64_t>(watched_.size()))) {
      return absl::OkStatus();
    }
    return absl::InternalError(absl::StrCat("the model's step gave ", choices.best.ToString(0),
                                            " and ", choices.watched_log_probs.ToString(0), " for ",
                                            rows, " rows and ", best, " choices"));
  }

  // One step of every example. `length`: tokens of its hypotheses afterwards.
  absl::Status Advance(int length, const StepChoices& choices) {
    parents_.clear();
    tokens_.clear();
    int row = 0;
    std::vector<Example> still_active;
    for (Example& example : active_) {
      std::vector<Candidate> best;
      const int first_row = row;
      for (size_t i = 0; i < example.open.size(); ++i, ++row) {
        AddCandidates(example.open[i], static_cast<int>(i), example.limits, choices, row, best);
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

  // Adds the best continuations of `from`, hypothesis number `hypothesis` of its example and `row`
  // of the batch, to the heap of the best. Watched tokens come where they are asked for; all others
  // in the order of their probability, as long as there is room for what is asked for.
  void AddCandidates(const Hypothesis& from, int hypothesis, const SearchLimits& limits,
                     const StepChoices& choices, int row, std::vector<Candidate>& heap) const {
    const size_t limit = 2 * static_cast<size_t>(options_.beam);
    const int length = static_cast<int>(from.tokens.size());
    const std::vector<int32_t> outstanding = Outstanding(limits.required, from.tokens);
    const std::vector<int32_t>& repeating = repeating_[row];
    const bool full = length + static_cast<int>(outstanding.size()) >= limits.max_length;
    const auto in = [](const std::vector<int32_t>& tokens, int32_t token) {
      return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
    };
    const float* watched = choices.watched_log_probs.data<float>() + row * watched_.size();
    for (size_t i = 0; i < watched_.size(); ++i) {
      const int32_t token = watched_[i];
      const bool possible =
          in(outstanding, token) ||
          (token == options_.eos ? outstanding.empty() && length >= options_.min_length
                                 : !full && !in(options_.reserved, token) && !in(repeating, token));
      const float log_prob = from.log_prob + watched[i];
      const float reward = token == options_.eos ? 0 : options_.length_reward;
      if (possible) AddCandidate({log_prob + reward, log_prob, hypothesis, token}, limit, heap);
    }
    if (full) return;
    const int64_t count = choices.best.dim(1);
    const int64_t* best = choices.best.data<int64_t>() + row * count;
    const float* log_probs = choices.best_log_probs.data<float>() + row * count;
    for (int64_t i = 0; i < count; ++i) {
      const auto token = static_cast<int32_t>(best[i]);
      if (in(watched_, token) || in(repeating, token)) continue;
      const float log_prob = from.log_prob + log_probs[i];
      const float rank = log_prob + options_.length_reward;
      if (!AddCandidate({rank, log_prob, hypothesis, token}, limit, heap)) break;
    }
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
      const float reward = options_.length_reward * static_cast<float>(h.tokens.size());
      h.score = (h.log_prob + reward) / std::pow((5 + length) / 6, options_.length_penalty);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    if (static_cast<int>(all.size()) > options_.nbest) all.resize(options_.nbest);
    results_[example.index] = std::move(all);
    return absl::OkStatus();
  }

  StepFunction& model_;
  const BeamSearchOptions options_;
  // The end, and the tokens that are reserved or required.
  std::vector<int32_t> watched_;
  std::vector<Example> active_;
  // Of each row of the next step, the tokens that may not come.
  std::vector<std::vector<int32_t>> repeating_;
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
