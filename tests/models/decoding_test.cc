// Beam search against the enumeration of all sequences of a small Markov model.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/random.h"
#include "gmock/gmock.h"
#include "models/decoding/beam_search.h"
#include "models/decoding/repetition.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kVocabulary = 5;
constexpr int32_t kBos = 1, kEos = 2;

// The next token depends on the example and on the last two tokens. Knows what each row has read,
// and records the size of each batch.
class MarkovModel : public StepFunction {
 public:
  explicit MarkovModel(std::vector<int> examples) {
    for (const int example : examples) rows_.push_back({example, -1, -1});
  }

  // The log probabilities after tokens a, b (-1: none) in an example.
  static std::vector<float> LogProbs(int example, int a, int b) {
    RandomStream random(HashCombine(example * 100 + a + 1, b + 1));
    std::vector<float> values(kVocabulary);
    float sum = 0;
    for (float& v : values) sum += v = std::exp(3 * random.Uniform());
    for (float& v : values) v = std::log(v / sum);
    return values;
  }

  absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                    Tensor* log_probs) override {
    std::vector<Row> next;
    std::vector<float> values;
    for (size_t i = 0; i < parents.size(); ++i) {
      const Row& parent = rows_[parents[i]];
      next.push_back({parent.example, parent.b, tokens[i]});
      const std::vector<float> row = LogProbs(parent.example, parent.b, tokens[i]);
      values.insert(values.end(), row.begin(), row.end());
    }
    rows_ = next;
    batches.push_back(parents.size());
    *log_probs = Tensor::Of<float>({static_cast<int64_t>(parents.size()), kVocabulary}, values);
    return absl::OkStatus();
  }

  std::vector<size_t> batches;

 private:
  struct Row {
    int example, a, b;
  };
  std::vector<Row> rows_;
};

// All complete hypotheses of an example, best first.
void Enumerate(int example, int max_length, float penalty, const Hypothesis& prefix, int a, int b,
               std::vector<Hypothesis>& all) {
  const auto finish = [&](Hypothesis h) {
    h.score = h.log_prob / std::pow((5.0f + h.token_log_probs.size()) / 6, penalty);
    all.push_back(std::move(h));
  };
  if (static_cast<int>(prefix.tokens.size()) == max_length) return finish(prefix);
  const std::vector<float> values = MarkovModel::LogProbs(example, a, b);
  for (int32_t token = 0; token < kVocabulary; ++token) {
    Hypothesis next = prefix;
    next.log_prob += values[token];
    next.token_log_probs.push_back(values[token]);
    if (token == kEos) {
      finish(next);
    } else {
      next.tokens.push_back(token);
      Enumerate(example, max_length, penalty, next, b, token, all);
    }
  }
}

std::vector<Hypothesis> BestByEnumeration(int example, int max_length, float penalty) {
  std::vector<Hypothesis> all;
  Enumerate(example, max_length, penalty, {}, -1, kBos, all);
  std::sort(all.begin(), all.end(),
            [](const Hypothesis& x, const Hypothesis& y) { return x.score > y.score; });
  return all;
}

std::vector<std::vector<Hypothesis>> Decode(const std::vector<int>& examples, int max_length,
                                            const BeamSearchOptions& options,
                                            const std::vector<int32_t>& required = {}) {
  MarkovModel model(examples);
  const auto result = BeamSearch(
      model,
      std::vector<SearchLimits>(examples.size(), {.max_length = max_length, .required = required}),
      options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : std::vector<std::vector<Hypothesis>>(examples.size());
}

TEST(BeamSearch, AWideBeamFindsWhatEnumerationFinds) {
  for (const float penalty : {0.0f, 0.6f, 1.0f}) {
    for (int example = 0; example < 20; ++example) {
      const auto expected = BestByEnumeration(example, 4, penalty);
      const auto found =
          Decode({example}, 4, {.beam = 1000, .nbest = 10, .length_penalty = penalty})[0];
      ASSERT_EQ(found.size(), 10u);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].tokens, expected[i].tokens) << example << " " << i;
        EXPECT_NEAR(found[i].score, expected[i].score, 1e-5);
        EXPECT_EQ(found[i].token_log_probs.size(),
                  found[i].tokens.size() + (found[i].ended ? 1 : 0));
      }
    }
  }
}

TEST(BeamSearch, RewardsLengthAsEnumerationSays) {
  constexpr float kReward = 1.5f;
  size_t longer = 0;
  for (int example = 0; example < 20; ++example) {
    std::vector<Hypothesis> expected = BestByEnumeration(example, 4, 0);
    const size_t length_before = expected[0].tokens.size();
    for (Hypothesis& h : expected) h.score += kReward * static_cast<float>(h.tokens.size());
    std::sort(expected.begin(), expected.end(),
              [](const Hypothesis& x, const Hypothesis& y) { return x.score > y.score; });
    const auto found = Decode(
        {example}, 4, {.beam = 1000, .nbest = 5, .length_penalty = 0, .length_reward = kReward})[0];
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].tokens, expected[i].tokens) << example << " " << i;
      EXPECT_NEAR(found[i].score, expected[i].score, 1e-5);
    }
    if (found[0].tokens.size() > length_before) ++longer;
  }
  EXPECT_GT(longer, 5u);
}

TEST(BeamSearch, HoldsWhatIsRequiredAsEnumerationSays) {
  constexpr int32_t kReserved = 3, kOther = 4;
  for (const std::vector<int32_t>& required : std::vector<std::vector<int32_t>>{
           {}, {kReserved}, {kReserved, kReserved}, {kReserved, kOther}}) {
    const auto count = [](const std::vector<int32_t>& tokens, int32_t token) {
      return std::count(tokens.begin(), tokens.end(), token);
    };
    for (int example = 0; example < 20; ++example) {
      std::vector<Hypothesis> expected;
      for (const Hypothesis& h : BestByEnumeration(example, 4, 1.0f)) {
        if (count(h.tokens, kReserved) == count(required, kReserved) &&
            count(h.tokens, kOther) >= count(required, kOther)) {
          expected.push_back(h);
        }
      }
      const BeamSearchOptions options = {
          .beam = 1000, .nbest = 4, .length_penalty = 1.0f, .reserved = {kReserved}};
      const auto found = Decode({example}, 4, options, required)[0];
      ASSERT_GE(expected.size(), found.size());
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].tokens, expected[i].tokens) << example << " " << i;
        EXPECT_NEAR(found[i].score, expected[i].score, 1e-5);
      }
      // A narrow beam holds it too.
      const auto greedy = Decode({example}, 3, {.beam = 1, .reserved = {kReserved}}, required)[0];
      for (const int32_t token : required) {
        EXPECT_GE(count(greedy[0].tokens, token), count(required, token));
      }
    }
  }
}

TEST(BeamSearch, ABeamOfOneIsGreedy) {
  for (int example = 0; example < 30; ++example) {
    std::vector<int32_t> expected;
    int a = -1, b = kBos;
    while (static_cast<int>(expected.size()) < 6) {
      const std::vector<float> values = MarkovModel::LogProbs(example, a, b);
      const auto best = std::max_element(values.begin(), values.end()) - values.begin();
      if (best == kEos) break;
      expected.push_back(static_cast<int32_t>(best));
      a = b;
      b = static_cast<int>(best);
    }
    EXPECT_EQ(Decode({example}, 6, {.beam = 1})[0][0].tokens, expected);
  }
}

TEST(BeamSearch, TheBatchDoesNotMatter) {
  std::vector<int> examples;
  for (int i = 0; i < 25; ++i) examples.push_back(i);
  const BeamSearchOptions options = {.beam = 3, .nbest = 3};
  const auto together = Decode(examples, 12, options);
  for (const int i : examples) {
    const auto alone = Decode({i}, 12, options)[0];
    ASSERT_EQ(alone.size(), together[i].size());
    for (size_t k = 0; k < alone.size(); ++k) {
      EXPECT_EQ(alone[k].tokens, together[i][k].tokens);
      EXPECT_EQ(alone[k].score, together[i][k].score);
    }
  }
}

// Wants nothing but to say 3 4 3 4 3 4 ..., and never to end; with what is impossible it goes on
// with any other token.
class LoopingModel : public StepFunction {
 public:
  absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                    Tensor* log_probs) override {
    std::vector<float> values;
    for (size_t i = 0; i < parents.size(); ++i) {
      for (int32_t token = 0; token < kVocabulary; ++token) {
        const bool wanted = token == (tokens[i] == 3 ? 4 : 3);
        values.push_back(wanted ? -0.001f : token == kEos ? -9.0f : -8.0f);
      }
    }
    *log_probs = Tensor::Of<float>({static_cast<int64_t>(parents.size()), kVocabulary}, values);
    return absl::OkStatus();
  }
};

TEST(BeamSearch, DoesNotRunAway) {
  const auto decode = [](int max_repeats, int beam, const std::vector<int32_t>& required = {}) {
    LoopingModel model;
    auto result =
        BeamSearch(model, {{.max_length = 60, .max_repeats = max_repeats, .required = required}},
                   {.beam = beam, .nbest = beam});
    EXPECT_TRUE(result.ok()) << result.status();
    return (*result)[0];
  };
  EXPECT_EQ(MostRepeats(decode(0, 1)[0].tokens), 30) << "the model is one that runs away";
  for (const int most : {1, 2, 3}) {
    for (const int beam : {1, 4}) {
      for (const Hypothesis& h : decode(most, beam)) {
        EXPECT_LE(MostRepeats(h.tokens), most) << most << " " << beam;
      }
    }
  }
  // What is required comes out all the same.
  const auto required = decode(1, 2, {0, 0, 0})[0].tokens;
  EXPECT_GE(std::count(required.begin(), required.end(), 0), 3);
}

TEST(Repetition, IsCounted) {
  EXPECT_EQ(MostRepeats({}), 0);
  EXPECT_EQ(MostRepeats({7}), 1);
  EXPECT_EQ(MostRepeats({7, 7, 8}), 2);
  EXPECT_EQ(MostRepeats({1, 2, 3, 2, 3, 2, 3, 2}), 3);
  EXPECT_EQ(MostRepeats({1, 2, 3, 4, 1, 2, 3, 5}), 1);
  EXPECT_THAT(TokensThatRepeat({}, 1), ElementsAre());
  EXPECT_THAT(TokensThatRepeat({5}, 1), ElementsAre(5));
  EXPECT_THAT(TokensThatRepeat({5}, 2), ElementsAre());
  EXPECT_THAT(TokensThatRepeat({5, 5}, 2), ElementsAre(5));
  EXPECT_THAT(TokensThatRepeat({9, 1, 2, 1}, 1), ElementsAre(1, 2));
  EXPECT_THAT(TokensThatRepeat({9, 1, 2, 1, 2, 1}, 2), ElementsAre(2));
  // A whole clause of 20 words.
  std::vector<int32_t> clauses;
  for (int i = 0; i < 59; ++i) clauses.push_back(i % 20);
  EXPECT_EQ(MostRepeats(clauses), 2);
  EXPECT_THAT(TokensThatRepeat(clauses, 2), ElementsAre(19));
  // By definition: what follows makes more than there may be.
  for (uint64_t seed = 0; seed < 200; ++seed) {
    RandomStream random(seed, 0);
    std::vector<int32_t> tokens;
    for (int i = 0; i < 12; ++i) tokens.push_back(random.Uniform() < 0.5f ? 1 : 2);
    while (MostRepeats(tokens) > 2) tokens.pop_back();
    const std::vector<int32_t> banned = TokensThatRepeat(tokens, 2);
    for (const int32_t next : {1, 2}) {
      std::vector<int32_t> longer = tokens;
      longer.push_back(next);
      EXPECT_EQ(MostRepeats(longer) > 2,
                std::find(banned.begin(), banned.end(), next) != banned.end());
    }
  }
}

TEST(BeamSearch, FinishedExamplesLeaveTheBatch) {
  MarkovModel model({0, 1, 2});
  const auto result = BeamSearch(model, {{1}, {2}, {6}}, {.beam = 2, .min_length = 0});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(model.batches[0], 3u);
  EXPECT_LE(model.batches[1], 4u);
  for (size_t i = 2; i < model.batches.size(); ++i) EXPECT_LE(model.batches[i], 2u);
  EXPECT_LE((*result)[0][0].tokens.size(), 1u);
}

TEST(BeamSearch, KeepsToTheMinimumLength) {
  for (int example = 0; example < 20; ++example) {
    const auto found = Decode({example}, 6, {.beam = 4, .nbest = 4, .min_length = 3});
    for (const Hypothesis& h : found[0]) EXPECT_GE(h.tokens.size(), 3u);
  }
}

TEST(BeamSearch, DoesNotRepeatWhatItMayNotRepeat) {
  bool repeats_without = false;
  for (int example = 0; example < 20; ++example) {
    for (const int n : {0, 1, 2}) {
      const auto best =
          Decode({example}, 12, {.beam = 2, .min_length = n == 1 ? 0 : 8, .no_repeat_ngram = n});
      const std::vector<int32_t>& tokens = best[0][0].tokens;
      std::map<std::vector<int32_t>, int> counts;
      const int width = std::max(n, 1);
      for (size_t i = 0; i + width <= tokens.size(); ++i) {
        const int count = ++counts[{tokens.begin() + i, tokens.begin() + i + width}];
        if (n == 0) {
          repeats_without |= count > 1;
        } else {
          EXPECT_EQ(count, 1);
        }
      }
    }
  }
  EXPECT_TRUE(repeats_without);
}

// Rows of NaN or of impossible tokens only.
class HopelessModel : public StepFunction {
 public:
  explicit HopelessModel(float value) : value_(value) {}
  absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>&,
                    Tensor* log_probs) override {
    const std::vector<float> values(parents.size() * kVocabulary, value_);
    *log_probs = Tensor::Of<float>({static_cast<int64_t>(parents.size()), kVocabulary}, values);
    return absl::OkStatus();
  }

 private:
  float value_;
};

TEST(BeamSearch, ErrorsSayWhatIsWrong) {
  const auto message = [](const BeamSearchOptions& options,
                          const std::vector<SearchLimits>& limits) {
    MarkovModel model({0});
    return std::string(BeamSearch(model, limits, options).status().message());
  };
  EXPECT_THAT(message({.beam = 0}, {{3}}), HasSubstr("a beam of 0"));
  EXPECT_THAT(message({.beam = 2, .nbest = 3}, {{3}}), HasSubstr("between 1 and the beam, 2"));
  EXPECT_THAT(message({.no_repeat_ngram = -1}, {{3}}), HasSubstr("must not be negative"));
  EXPECT_THAT(message({.length_reward = std::nanf("")}, {{3}}), HasSubstr("must be numbers"));
  EXPECT_THAT(message({}, {{0}}), HasSubstr("maximum length of 0"));
  EXPECT_THAT(message({.eos = 7}, {{3}}), HasSubstr("token 7 of 5"));
  EXPECT_THAT(message({}, {{.max_length = 1, .required = {3, 4}}}),
              HasSubstr("2 required tokens in a maximum length of 1"));
  EXPECT_THAT(message({}, {{.max_length = 3, .required = {5}}}), HasSubstr("token 5 of 5"));
  EXPECT_THAT(message({}, {{.max_length = 3, .max_repeats = -1}}), HasSubstr("-1 times in a row"));
  EXPECT_THAT(message({.reserved = {-1}}, {{3}}), HasSubstr("token -1 of 5"));
  for (const float value : {std::nanf(""), -std::numeric_limits<float>::infinity()}) {
    HopelessModel model(value);
    EXPECT_THAT(std::string(BeamSearch(model, {{.max_length = 3}}, {}).status().message()),
                HasSubstr("no possible continuation"));
  }
  MarkovModel model({});
  const auto none = BeamSearch(model, std::vector<SearchLimits>(), {});
  ASSERT_TRUE(none.ok());
  EXPECT_THAT(*none, ElementsAre());
}

}  // namespace
}  // namespace viv
