// Expected chrF against the sum that it is.
#include "models/language/consensus.h"

#include <cmath>

#include "gtest/gtest.h"
#include "models/language/bleu.h"

namespace viv {
namespace {

TEST(ExpectedChrf, IsTheMeanOverWhatMayBeTheReference) {
  const std::vector<std::string> texts = {"Un homme dort dans une chambre.",
                                          "Un homme dormant sur un canapé vert.",
                                          "Un homme dort dans une chambre.",
                                          "été",
                                          "",
                                          "Deux  chiens\tcourent 🐕"};
  const std::vector<double> log_weights = {-1000.5, -999, -1001, -1000, -1003, -1002.25};
  double sum = 0;
  for (const double w : log_weights) sum += std::exp(w + 1000);
  const std::vector<double> expected = ExpectedChrf(texts, log_weights);
  ASSERT_EQ(expected.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    double mean = 0;
    for (size_t k = 0; k < texts.size(); ++k) {
      // Also of the empty text with itself.
      const double chrf = texts[i] == texts[k] ? 100 : SentenceChrf(texts[i], texts[k]);
      mean += chrf * std::exp(log_weights[k] + 1000) / sum;
    }
    EXPECT_NEAR(expected[i], mean, 1e-9) << texts[i];
  }
  EXPECT_TRUE(ExpectedChrf({}, {}).empty());
  EXPECT_EQ(ExpectedChrf({"alone"}, {-7}), std::vector<double>{100});
}

}  // namespace
}  // namespace viv
