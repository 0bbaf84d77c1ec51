// Reports against values computed by hand and against naive definitions.
#include "core/bundle/confidence_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/random.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using ::testing::HasSubstr;

using Examples = std::vector<JudgedConfidence>;

ConfidenceReport Report(const Examples& examples, const ConfidenceReportOptions& options = {}) {
  auto report = ReportConfidence(examples, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return *std::move(report);
}

// Confidences are uniform, the event happens as often as `rate` says.
template <typename Rate>
Examples Simulated(int n, uint64_t seed, Rate rate) {
  RandomStream random(seed);
  Examples examples;
  for (int i = 0; i < n; ++i) {
    const double p = random.Uniform();
    examples.push_back({p, random.Uniform() < rate(p)});
  }
  return examples;
}

TEST(ConfidenceReport, FourExamplesByHand) {
  const ConfidenceReport report =
      Report({{0.9, false}, {0.1, false}, {0.8, true}, {0.2, true}}, {.bins = 2});
  EXPECT_EQ(report.examples, 4);
  EXPECT_EQ(report.base_rate, 0.5);
  // (|0.1 + 0.2 - 1| + |0.8 + 0.9 - 1|) / 4
  EXPECT_NEAR(report.ece, 0.35, 1e-12);
  // (0.01 + 0.64 + 0.04 + 0.81) / 4 = 0.375; 1 - 0.375 / 0.25
  EXPECT_NEAR(report.brier, 0.375, 1e-12);
  EXPECT_NEAR(report.brier_skill, -0.5, 1e-12);
  EXPECT_NEAR(report.auroc, 0.5, 1e-12);
  // From the surest: wrong, right, right, wrong.
  ASSERT_EQ(report.curve.size(), 4u);
  EXPECT_EQ(report.curve[1].threshold, 0.8);
  EXPECT_EQ(report.curve[1].coverage, 0.5);
  EXPECT_EQ(report.curve[1].risk, 0.5);
  EXPECT_NEAR(report.risk_coverage_area, (1 + 1.0 / 2 + 1.0 / 3 + 2.0 / 4) / 4, 1e-12);
}

TEST(ConfidenceReport, BinsShareWhatLiesOnTheirBorder) {
  // Two bins of 1.5 examples: |0.2 - 0 + (0.6 - 1) / 2| + |(0.6 - 1) / 2 + 0.9 - 1|, over 3.
  const Examples examples = {{0.2, false}, {0.6, true}, {0.9, true}};
  EXPECT_NEAR(Report(examples, {.bins = 2}).ece, 0.3 / 3, 1e-12);
  // Three or six bins: each example for itself.
  EXPECT_NEAR(Report(examples, {.bins = 3}).ece, (0.2 + 0.4 + 0.1) / 3, 1e-12);
  EXPECT_NEAR(Report(examples, {.bins = 6}).ece, (0.2 + 0.4 + 0.1) / 3, 1e-12);
  EXPECT_NEAR(Report(examples, {.bins = 1}).ece, 0.3 / 3, 1e-12);
}

TEST(ConfidenceReport, EqualConfidences) {
  const ConfidenceReport report =
      Report({{0.5, true}, {0.1, false}, {0.5, true}, {0.9, true}, {0.5, false}});
  // Pairs of right and wrong: 0.5 twice ties and twice wins, 0.9 wins twice.
  EXPECT_NEAR(report.auroc, 5.0 / 6, 1e-12);
  ASSERT_EQ(report.curve.size(), 3u);
  EXPECT_NEAR(report.curve[1].risk, 0.25, 1e-12);
  // 0.9 is right; then a third of an error each; then one more.
  EXPECT_NEAR(report.risk_coverage_area, (0 + 1.0 / 6 + 2.0 / 9 + 1.0 / 4 + 2.0 / 5) / 5, 1e-12);
}

TEST(ConfidenceReport, AConstantDoesNotPass) {
  Examples examples;
  for (int i = 0; i < 1000; ++i) examples.push_back({0.25, i % 4 == 0});
  const ConfidenceReport report = Report(examples);
  EXPECT_NEAR(report.ece, 0, 1e-12);
  EXPECT_NEAR(report.brier_skill, 0, 1e-12);
  EXPECT_EQ(report.auroc, 0.5);
  EXPECT_NEAR(report.risk_coverage_area, 0.75, 1e-12);
  EXPECT_FALSE(report.IsCalibrated(0.1));
}

TEST(ConfidenceReport, AllEventsAlike) {
  const ConfidenceReport right = Report({{0.9, true}, {0.8, true}});
  EXPECT_EQ(right.auroc, 0.5);
  EXPECT_EQ(right.brier_skill, 0);
  EXPECT_EQ(right.risk_coverage_area, 0);
  EXPECT_FALSE(right.IsCalibrated(1));
}

TEST(ConfidenceReport, AgreesWithTheDefinitions) {
  const int n = 500;
  Examples examples = Simulated(n, 3, [](double p) { return p * p; });
  const ConfidenceReport report = Report(examples);
  double pairs = 0, wins = 0;
  for (const auto& a : examples) {
    for (const auto& b : examples) {
      if (!a.happened || b.happened) continue;
      ++pairs;
      wins += a.confidence > b.confidence ? 1 : a.confidence == b.confidence ? 0.5 : 0;
    }
  }
  EXPECT_NEAR(report.auroc, wins / pairs, 1e-12);

  std::sort(examples.begin(), examples.end(),
            [](const auto& a, const auto& b) { return a.confidence < b.confidence; });
  double ece = 0;
  for (int bin = 0; bin < 10; ++bin) {
    double excess = 0;
    for (int i = bin * n / 10; i < (bin + 1) * n / 10; ++i) {
      excess += examples[i].confidence - examples[i].happened;
    }
    ece += std::abs(excess) / n;
  }
  EXPECT_NEAR(report.ece, ece, 1e-9);
}

TEST(ConfidenceReport, TheIntervalHoldsTheTruth) {
  // Confidences that are right have an error of 0, those that are 0.2 too high one of 0.2.
  const ConfidenceReport good = Report(Simulated(2000, 5, [](double p) { return p; }));
  EXPECT_LT(good.ece_high, 0.07);
  EXPECT_LE(good.ece_low, good.ece);
  EXPECT_LE(good.ece, good.ece_high);
  EXPECT_TRUE(good.IsCalibrated(0.07));
  EXPECT_FALSE(good.IsCalibrated(good.ece_high / 2));
  Examples examples = Simulated(2000, 6, [](double p) { return 0.8 * p; });
  for (JudgedConfidence& example : examples) example.confidence = 0.8 * example.confidence + 0.2;
  const ConfidenceReport high = Report(examples);
  EXPECT_LT(high.ece_low, 0.2);
  EXPECT_GT(high.ece_high, 0.2);
  EXPECT_GT(high.ece_low, 0.15);
  EXPECT_LT(high.ece_high, 0.25);
}

TEST(ConfidenceReport, OrderDoesNotMatterAndTheSeedDoes) {
  Examples examples = Simulated(301, 8, [](double p) { return p; });
  for (int i = 0; i < 301; i += 2) examples[i].confidence = 0.5;
  const ConfidenceReport report = Report(examples);
  RandomStream(1).Shuffle(examples);
  EXPECT_EQ(Report(examples).ToJson(), report.ToJson());
  EXPECT_NE(Report(examples, {.seed = 2}).ece_high, report.ece_high);
}

TEST(ConfidenceReport, SaysWhatItFound) {
  Examples examples;
  for (int i = 1; i <= 10; ++i) examples.push_back({i / 10.0, i > 5});
  const ConfidenceReport report = Report(examples);
  EXPECT_THAT(report.ToString(), HasSubstr("AUROC 1.000"));
  EXPECT_THAT(report.ToString(), HasSubstr("wrong: 50.0% of the surest 100%, 37.5% of the surest "
                                           "80%, 0.0% of the surest 50%"));
  const auto json = nlohmann::json::parse(report.ToJson());
  EXPECT_EQ(json["examples"], 10);
  EXPECT_EQ(json["risk_coverage"].size(), 10u);
  EXPECT_EQ(json["risk_coverage"][0]["coverage"], 1.0);
  EXPECT_EQ(json["risk_coverage"][2]["threshold"], 0.3);
}

TEST(ConfidenceReport, RefusesWhatIsNoProbability) {
  const auto message = [](const Examples& examples) {
    return std::string(ReportConfidence(examples).status().message());
  };
  EXPECT_EQ(message({}), "there are no confidences to judge");
  EXPECT_EQ(message({{1.5, true}}), "a confidence of 1.5 is no probability");
  EXPECT_THAT(message({{std::nan(""), true}}), HasSubstr("no probability"));
}

}  // namespace
}  // namespace viv
