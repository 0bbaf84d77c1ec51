// Confidences of classes: temperatures that were put in come out, and order stays.
#include "models/vision/class_confidence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

// Photos whose classes are drawn from softmax(logits / temperature).
std::vector<JudgedLogits> DrawPhotos(int count, double temperature) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 3);
  std::uniform_real_distribution<double> uniform;
  std::vector<JudgedLogits> photos(count);
  for (JudgedLogits& photo : photos) {
    for (int k = 0; k < 5; ++k) photo.logits.push_back(normal(random));
    const std::vector<double> p = Probabilities(photo.logits, temperature);
    double left = uniform(random);
    while (photo.truth < 4 && left >= p[photo.truth]) left -= p[photo.truth++];
  }
  return photos;
}

TEST(ClassConfidence, ProbabilitiesSumToOneEvenOfExtremeLogits) {
  for (const std::vector<float>& logits :
       {std::vector<float>{0, 0}, {1e4f, -1e4f, 3}, {-500, -501, -502}}) {
    const std::vector<double> p = Probabilities(logits, 0.5);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
  }
  EXPECT_NEAR(Probabilities(std::vector<float>{2, 0}, 2)[0], 1 / (1 + std::exp(-1)), 1e-12);
}

TEST(ClassConfidence, FindsTheTemperature) {
  for (const double temperature : {0.5, 1.0, 3.0}) {
    EXPECT_NEAR(FitTemperature(DrawPhotos(4000, temperature)) / temperature, 1, 0.1);
  }
}

TEST(ClassConfidence, IsCalibrated) {
  // Logits that claim too much.
  const absl::StatusOr<ConfidenceReport> report = CrossReportConfidence(DrawPhotos(4000, 3));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->examples, 4000);
  EXPECT_LT(report->ece, 0.03);
  EXPECT_GT(report->brier_skill, 0.05);
}

TEST(ClassConfidence, KeepsTheOrder) {
  const std::vector<JudgedLogits> photos = DrawPhotos(500, 3);
  const absl::StatusOr<Calibration> calibration = FitClassConfidence(photos, 3);
  ASSERT_TRUE(calibration.ok()) << calibration.status();
  for (const JudgedLogits& photo : photos) {
    const std::vector<double> before = Probabilities(photo.logits, 3);
    const std::vector<double> after = CalibratedProbabilities(before, *calibration);
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_GE(after[i], 0);
      EXPECT_LE(after[i], 1);
      for (size_t k = 0; k < before.size(); ++k) {
        if (before[i] > before[k]) {
          EXPECT_GE(after[i], after[k]);
        }
      }
    }
    EXPECT_LE(std::accumulate(after.begin(), after.end(), 0.0), 1 + 1e-9);
  }
}

TEST(ClassConfidence, NeedsRightAndWrongAnswers) {
  const std::vector<JudgedLogits> right(20, {{3, 1}, 0});
  EXPECT_FALSE(FitClassConfidence(right, 1).ok());
  EXPECT_THAT(std::string(CrossReportConfidence({{{3, 1}, 0}}).status().message()),
              HasSubstr("examples of both kinds"));
}

}  // namespace
}  // namespace viv
