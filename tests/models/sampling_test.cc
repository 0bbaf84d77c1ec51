// Sampled sequences against the probabilities of the model that they are drawn from.
#include "models/decoding/sampling.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kBos = 1, kEos = 2;

// After the begin tokens 3, 4 and 5 with probabilities 0.5, 0.3 and 0.2; then the end, or after 5
// only 5 again.
class SmallModel : public StepFunction {
 public:
  absl::Status Step(const std::vector<int>& parents, const std::vector<int32_t>& tokens,
                    Tensor* log_probs) override {
    const float never = -std::numeric_limits<float>::infinity();
    std::vector<float> values;
    for (const int32_t token : tokens) {
      std::vector<float> row(6, never);
      if (token == kBos) {
        row[3] = std::log(0.5f), row[4] = std::log(0.3f), row[5] = std::log(0.2f);
      } else {
        row[token == 5 ? 5 : kEos] = 0;
      }
      values.insert(values.end(), row.begin(), row.end());
    }
    *log_probs = Tensor::Of<float>({static_cast<int64_t>(parents.size()), 6}, values);
    return absl::OkStatus();
  }
};

std::vector<std::vector<Hypothesis>> Sample(int examples, const SamplingOptions& options) {
  SmallModel model;
  auto samples = SampleSequences(model, examples, options);
  EXPECT_TRUE(samples.ok()) << samples.status();
  return samples.ok() ? *samples : std::vector<std::vector<Hypothesis>>(examples);
}

// How often each first token was drawn.
std::map<int32_t, int> FirstTokens(const SamplingOptions& options) {
  std::map<int32_t, int> counts;
  const auto samples = Sample(1, options);
  for (const Hypothesis& h : samples[0]) ++counts[h.tokens[0]];
  return counts;
}

TEST(Sampling, DrawsByProbability) {
  auto counts = FirstTokens({.count = 2000, .nucleus = 1, .max_length = 4});
  EXPECT_NEAR(counts[3], 1000, 100);
  EXPECT_NEAR(counts[4], 600, 100);
  EXPECT_NEAR(counts[5], 400, 100);
}

TEST(Sampling, LeavesOutWhatIsBeyondTheNucleus) {
  auto counts = FirstTokens({.count = 1000, .nucleus = 0.75f, .max_length = 4});
  EXPECT_NEAR(counts[3], 625, 80);
  EXPECT_EQ(counts[5], 0);
  EXPECT_EQ(FirstTokens({.count = 100, .nucleus = 0.4f}).size(), 1);
}

TEST(Sampling, DrawsNothingThatIsReserved) {
  auto counts = FirstTokens({.count = 100, .nucleus = 1, .max_length = 4, .reserved = {3, 5}});
  EXPECT_EQ(counts[4], 100);
}

TEST(Sampling, AColdModelIsSurer) {
  auto counts = FirstTokens({.count = 1000, .temperature = 0.25f, .nucleus = 1, .max_length = 4});
  EXPECT_GT(counts[3], 800);
}

TEST(Sampling, TellsProbabilitiesOfTheModel) {
  const auto samples = Sample(1, {.count = 50, .temperature = 2, .max_length = 4});
  for (const Hypothesis& h : samples[0]) {
    const float first = h.tokens[0] == 3 ? 0.5f : h.tokens[0] == 4 ? 0.3f : 0.2f;
    EXPECT_NEAR(h.log_prob, std::log(first), 1e-6);
    EXPECT_EQ(h.ended, h.tokens[0] != 5);
    EXPECT_EQ(h.tokens.size(), h.ended ? 1 : 4);
    EXPECT_EQ(h.token_log_probs.size(), h.ended ? 2 : 4);
  }
}

TEST(Sampling, TheMostProbableComeFirst) {
  const std::vector<Hypothesis> samples = Sample(1, {.count = 50, .max_length = 4})[0];
  for (size_t i = 1; i < samples.size(); ++i) {
    EXPECT_GE(samples[i - 1].score, samples[i].score);
  }
}

TEST(Sampling, DependsOnTheSeedAlone) {
  const auto tokens = [](const std::vector<std::vector<Hypothesis>>& samples) {
    std::vector<std::vector<int32_t>> all;
    for (const auto& example : samples) {
      for (const Hypothesis& h : example) all.push_back(h.tokens);
    }
    return all;
  };
  const SamplingOptions options = {.count = 20, .max_length = 4, .seed = 5};
  const auto once = tokens(Sample(1, options));
  EXPECT_EQ(once, tokens(Sample(1, options)));
  const auto twice = Sample(2, options);
  EXPECT_EQ(once, tokens({twice[1]})) << "other examples do not matter";
  EXPECT_NE(once, tokens(Sample(1, {.count = 20, .max_length = 4, .seed = 6})));
}

TEST(Sampling, DoesNotRepeatWhatItMayNotRepeat) {
  SmallModel model;
  // 5 5 could only be followed by another 5.
  const auto samples = SampleSequences(
      model, 1, {.count = 200, .nucleus = 1, .max_length = 9, .no_repeat_ngram = 2});
  EXPECT_THAT(std::string(samples.status().message()), HasSubstr("no token can follow"));
}

TEST(Sampling, ErrorsSayWhatIsWrong) {
  SmallModel model;
  const auto error = [&](const SamplingOptions& options) {
    return std::string(SampleSequences(model, 1, options).status().message());
  };
  EXPECT_THAT(error({.count = 0}), HasSubstr("0 sequences"));
  EXPECT_THAT(error({.temperature = 0}), HasSubstr("temperature is 0"));
  EXPECT_THAT(error({.nucleus = 2}), HasSubstr("nucleus 2"));
}

}  // namespace
}  // namespace viv
