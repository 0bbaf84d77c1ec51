// Calibrations against closed forms and known weights; files of strangers.
#include "core/bundle/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/random.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

// `happened` of `count` examples with this feature.
void AddGroup(double feature, int count, int happened, std::vector<CalibrationExample>* examples) {
  for (int i = 0; i < count; ++i) examples->push_back({{feature}, i < happened});
}

Calibration Fitted(const std::vector<CalibrationExample>& examples,
                   const std::vector<std::string>& names = {"x"}, double ridge = 1e-3) {
  auto fitted = Calibration::Fit("it rains", names, examples, {.ridge = ridge});
  EXPECT_TRUE(fitted.ok()) << fitted.status();
  return *std::move(fitted);
}

// One feature of two values can be fitted exactly: each group's probability is its mean target,
// where Platt's targets are 12/13 for the 11 that happened and 1/11 for the 9 others.
TEST(Calibration, FitsTwoGroupsExactly) {
  std::vector<CalibrationExample> examples;
  AddGroup(-3, 10, 3, &examples);
  AddGroup(5, 10, 8, &examples);
  const Calibration fitted = Fitted(examples, {"x"}, 0);
  EXPECT_NEAR(fitted.Probability({{-3}}), (3 * 12.0 / 13 + 7 / 11.0) / 10, 1e-9);
  EXPECT_NEAR(fitted.Probability({{5}}), (8 * 12.0 / 13 + 2 / 11.0) / 10, 1e-9);
  EXPECT_EQ(fitted.examples(), 20);
  EXPECT_EQ(fitted.base_rate(), 0.55);
  EXPECT_EQ(fitted.event(), "it rains");
}

TEST(Calibration, WithoutFeaturesGivesTheMeanTarget) {
  const Calibration fitted = Fitted({{{}, true}, {{}, false}, {{}, false}}, {});
  EXPECT_NEAR(fitted.Probability({}), (2.0 / 3 + 2 * 0.25) / 3, 1e-9);
}

TEST(Calibration, FindsTheWeightsThatMadeTheData) {
  RandomStream random(7);
  std::vector<CalibrationExample> examples;
  for (int i = 0; i < 20000; ++i) {
    const double x = 10 + 4 * random.Uniform(), y = random.Uniform() - 0.5;
    const double p = 1 / (1 + std::exp(-(-24 + 2 * x - 3 * y)));
    examples.push_back({{x, y}, random.Uniform() < p});
  }
  const Calibration fitted = Fitted(examples, {"x", "y"});
  EXPECT_NEAR(fitted.features()[0].weight / fitted.features()[0].scale, 2, 0.1);
  EXPECT_NEAR(fitted.features()[1].weight / fitted.features()[1].scale, -3, 0.2);
  EXPECT_NEAR(fitted.Probability({{12, 0}}), 0.5, 0.02);
}

TEST(Calibration, StaysFiniteWhereTheFeatureTellsAll) {
  std::vector<CalibrationExample> examples;
  AddGroup(1, 50, 0, &examples);
  AddGroup(2, 50, 50, &examples);
  const Calibration fitted = Fitted(examples);
  EXPECT_NEAR(fitted.Probability({{1}}), 1.0 / 52, 1e-3);
  EXPECT_NEAR(fitted.Probability({{2}}), 51.0 / 52, 1e-3);
}

TEST(Calibration, FeaturesThatSayNothing) {
  std::vector<CalibrationExample> examples;
  for (const bool happened : {true, false, true, true}) examples.push_back({{4, 4}, happened});
  const Calibration fitted = Fitted(examples, {"x", "y"});
  EXPECT_EQ(fitted.features()[0].weight, 0);
  EXPECT_NEAR(fitted.Probability({{4, 4}}), (3 * 0.8 + 1.0 / 3) / 4, 1e-9);
  examples.push_back({{5, 5}, true});  // now one follows from the other
  EXPECT_TRUE(Calibration::Fit("", {"x", "y"}, examples).ok());
  EXPECT_THAT(
      std::string(Calibration::Fit("", {"x", "y"}, examples, {.ridge = 0}).status().message()),
      HasSubstr("one follows from the others"));
}

TEST(Calibration, TrustsNothingBeyondTheExamples) {
  std::vector<CalibrationExample> examples;
  AddGroup(-1, 10, 2, &examples);
  AddGroup(1, 10, 9, &examples);
  const Calibration fitted = Fitted(examples);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(fitted.Probability({{99}}), fitted.Probability({{1}}));
  EXPECT_EQ(fitted.Probability({{-infinity}}), fitted.Probability({{-1}}));
  EXPECT_EQ(fitted.Probability({{std::nan("")}}), 0);
}

TEST(Calibration, RefusesExamplesThatTellNothing) {
  const auto message = [](const std::vector<CalibrationExample>& examples) {
    return std::string(Calibration::Fit("", {"x"}, examples).status().message());
  };
  EXPECT_THAT(message({}), HasSubstr("happened in 0 of 0 examples"));
  EXPECT_THAT(message({{{1}, true}, {{2}, true}}), HasSubstr("happened in 2 of 2 examples"));
  EXPECT_THAT(message({{{1}, true}, {{1, 2}, false}}), HasSubstr("example 1"));
  EXPECT_THAT(message({{{std::nan("")}, true}, {{1}, false}}), HasSubstr("not finite"));
  EXPECT_THAT(message({{{1e300}, true}, {{-1e300}, false}}), HasSubstr("too large"));
}

class CalibrationFileTest : public testing::Test {
 protected:
  ~CalibrationFileTest() override { Env::Default()->Remove(path_).IgnoreError(); }
  const std::string path_ = testing::TempDir() + "/calibration_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
};

TEST_F(CalibrationFileTest, GoesThereAndBack) {
  std::vector<CalibrationExample> examples;
  AddGroup(0.1, 7, 3, &examples);
  AddGroup(0.7, 9, 8, &examples);
  const Calibration fitted = Fitted(examples, {"mean log probability"});
  ASSERT_TRUE(SaveCalibration(Env::Default(), path_, fitted).ok());
  const auto read = LoadCalibration(Env::Default(), path_, {"mean log probability"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ToJson(), fitted.ToJson());
  EXPECT_EQ(read->event(), "it rains");
  EXPECT_EQ(read->examples(), 16);
  for (const double x : {0.1, 0.3, 0.7}) {
    EXPECT_EQ(read->Probability({{x}}), fitted.Probability({{x}}));
  }
  const auto other = LoadCalibration(Env::Default(), path_, {"a", "b"});
  EXPECT_TRUE(absl::IsFailedPrecondition(other.status()));
  EXPECT_THAT(std::string(other.status().message()),
              HasSubstr("for the features [mean log probability], not [a, b]"));
}

TEST_F(CalibrationFileTest, DamagedFilesAreRefused) {
  std::vector<CalibrationExample> examples;
  AddGroup(1, 3, 1, &examples);
  AddGroup(2, 3, 2, &examples);
  const std::string good = Fitted(examples).ToJson();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(Calibration::FromJson(good.substr(0, size)).status())) << size;
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    return Calibration::FromJson(text).status();
  };
  EXPECT_TRUE(with("it rains", "it snows").ok());
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"format\": 1", "\"format\": 2"},
                                                        {"\"scale\": 0.5", "\"scale\": 0"},
                                                        {"\"scale\": 0.5", "\"scale\": -1"},
                                                        {"\"scale\": 0.5", "\"scale\": null"},
                                                        {"\"scale\": 0.5", "\"scale\": 1e999"},
                                                        {"\"min\": 1.0", "\"min\": 3"},
                                                        {"\"features\": [", "\"features\": [7, "},
                                                        {"\"bias\"", "\"bia\""}}) {
    EXPECT_TRUE(absl::IsDataLoss(with(from, to))) << from << " -> " << to;
  }
}

}  // namespace
}  // namespace viv
