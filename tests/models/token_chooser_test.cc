// Choices made inside of a graph against those made of all probabilities.
#include "models/decoding/token_chooser.h"

#include "core/base/random.h"
#include "core/ops/array.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr int64_t kVocabulary = 300;

// Hands out what it is given.
class FixedModel : public StepFunction {
 public:
  explicit FixedModel(Tensor log_probs) : log_probs_(std::move(log_probs)) {}
  absl::Status Step(const std::vector<int>&, const std::vector<int32_t>&,
                    Tensor* log_probs) override {
    *log_probs = log_probs_;
    return absl::OkStatus();
  }

 private:
  Tensor log_probs_;
};

// Few values, so that many are equal.
Tensor LogProbs(int64_t rows) {
  RandomStream random(3);
  std::vector<float> values(rows * kVocabulary);
  for (float& v : values) v = -static_cast<float>(random.Below(40));
  return Tensor::Of<float>({rows, kVocabulary}, values);
}

TEST(TokenChooser, FindsWhatIsFoundAmongAllProbabilities) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, kVocabulary});
  const TokenChooser chooser(b, x, kVocabulary);
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const std::vector<int32_t> watched = {0, 17, 299};
  for (const int64_t rows : {1, 5}) {
    FixedModel model(LogProbs(rows));
    const std::vector<int> parents(rows, 0);
    const std::vector<int32_t> tokens(rows, 1);
    for (const int64_t best : {1, 8, 11, 100, 300, 4000}) {
      ASSERT_TRUE(chooser.Finds(best));
      StepChoices expected;
      ASSERT_TRUE(model.StepChoosing(parents, tokens, best, watched, &expected).ok());
      Feeds feeds = {{x, LogProbs(rows)}};
      std::vector<Output> fetches;
      ASSERT_TRUE(chooser.AddTo(rows, best, watched, &feeds, &fetches).ok());
      const auto results = session->Run(feeds, fetches);
      ASSERT_TRUE(results.ok()) << results.status();
      const StepChoices found = chooser.Read(*results);
      EXPECT_EQ(found.vocabulary, kVocabulary);
      const int64_t n = std::min(best, kVocabulary), columns = found.best.dim(1);
      ASSERT_GE(columns, n);
      for (int64_t r = 0; r < rows; ++r) {
        EXPECT_THAT(absl::MakeConstSpan(found.best.data<int64_t>() + r * columns, n),
                    ElementsAreArray(expected.best.data<int64_t>() + r * n, n));
        EXPECT_THAT(absl::MakeConstSpan(found.best_log_probs.data<float>() + r * columns, n),
                    ElementsAreArray(expected.best_log_probs.data<float>() + r * n, n));
        EXPECT_THAT(absl::MakeConstSpan(found.watched_log_probs.data<float>() + r * 3, 3),
                    ElementsAreArray(expected.watched_log_probs.data<float>() + r * 3, 3));
      }
    }
  }
}

TEST(TokenChooser, KnowsItsBounds) {
  GraphBuilder b;
  const TokenChooser chooser(b, Placeholder(b, kFloat, {-1, 5000}), 5000);
  EXPECT_TRUE(chooser.Finds(512));
  EXPECT_FALSE(chooser.Finds(513));
  EXPECT_FALSE(TokenChooser().Finds(1));
  Feeds feeds;
  std::vector<Output> fetches;
  EXPECT_THAT(std::string(chooser.AddTo(1, 1, {5000}, &feeds, &fetches).message()),
              HasSubstr("token 5000 of 5000"));
}

}  // namespace
}  // namespace viv
