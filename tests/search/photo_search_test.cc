// Searches with a model whose words and relevance are made by hand.
#include "models/search/photo_search.h"

#include "core/bundle/bundle.h"
#include "gmock/gmock.h"
#include "models/search/content_words.h"
#include "models/search/search_format.h"
#include "models/search/text_query.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ContentWordsTest, SayWhatIsOnAPhoto) {
  EXPECT_THAT(ContentWords("Find photos of two Dogs on the beach, dogs!"),
              ElementsAre("dogs", "beach"));
  EXPECT_THAT(ContentWords("is it the"), IsEmpty());
  EXPECT_THAT(ContentWords(""), IsEmpty());
}

// Photos are wanted where their first feature is high.
Relevance MakeRelevance(const std::vector<std::string>& names, double low, double high) {
  std::vector<JudgedQuery> queries(1);
  for (int i = 0; i < 40; ++i) {
    std::vector<double> features(names.size(), 0);
    features[0] = low + (high - low) * i / 39;
    queries[0].push_back({features, i >= 20});
  }
  return *FitRelevance("wanted", names, queries);
}

class PhotoSearchTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    const SearchModelInfo info = {.words = {"dog", "beach", "snow"},
                                  .labels = {"golden retriever", "garbage truck, dustcart"},
                                  .classifier = "c"};
    const NamedTensors weights = {
        {"words/weight", Tensor::Of<float>(Shape({2, 3}), {9, 0, -9, 0, 9, -9})},
        {"words/bias", Tensor::Vector<float>({-5, -5, -5})}};
    const auto bundle = MakeSearchBundle(info,
                                         {MakeRelevance(TextQuery::FeatureNames(), -4, 0),
                                          MakeRelevance(LikenessFeatureNames(), 0, 1)},
                                         /*features=*/2, weights, "None.", "A card.");
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    ASSERT_TRUE(WriteBundle(env_, Directory(), *bundle).ok());
    auto model = SearchModel::Load(env_, Directory());
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    Put("/dog.jpg", {1, 0}, {{0, 0.9f}});
    Put("/beach.jpg", {0, 1}, {{1, 0.2f}});
    Put("/both.jpg", {0.7f, 0.7f}, {{0, 0.6f}});
  }

  std::string Directory() const { return JoinPath(directory_, "model"); }

  void Put(const std::string& path, const std::vector<float>& embedding,
           const std::vector<IndexedLabel>& labels) {
    const auto words = model_->tagger().Words({embedding});
    ASSERT_TRUE(words.ok()) << words.status();
    const IndexedPhoto photo = {.path = path, .labels = labels, .words = words->front()};
    ASSERT_TRUE(index_.Put(photo, embedding).ok());
  }

  std::vector<std::string> Paths(const SearchResult& result) const {
    std::vector<std::string> paths;
    for (const Hit& hit : result.hits) paths.push_back(hit.photo->path);
    return paths;
  }
  SearchResult Find(const std::string& query, const SearchOptions& options = {}) const {
    const absl::StatusOr<SearchResult> result = SearchByText(*model_, index_, query, options);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : SearchResult();
  }

  std::unique_ptr<SearchModel> model_;
  PhotoIndex index_ = *PhotoIndex::Make(2, "models");
};

TEST_F(PhotoSearchTest, FindsWords) {
  EXPECT_THAT(Paths(Find("a dog")), ElementsAre("/dog.jpg", "/both.jpg"));
  EXPECT_THAT(Paths(Find("dog on the beach")), ElementsAre("/both.jpg"));
  EXPECT_THAT(Paths(Find("dogs")), ElementsAre("/dog.jpg", "/both.jpg"));
}

TEST_F(PhotoSearchTest, FindsLabels) {
  const SearchResult result = Find("retriever");
  EXPECT_THAT(Paths(result), ElementsAre("/dog.jpg", "/both.jpg"));
  EXPECT_THAT(result.hits[0].reason, HasSubstr("golden retriever"));
}

TEST_F(PhotoSearchTest, NothingFoundIsAnAnswer) {
  const SearchResult result = Find("snow");
  EXPECT_THAT(result.hits, IsEmpty());
  EXPECT_THAT(FormatHits(result), HasSubstr("nothing found"));
  EXPECT_THAT(HitsToJson("snow", result), HasSubstr("\"abstained\":true"));
  EXPECT_EQ(Find("snow", {.min_relevance = 0}).hits.size(), 3);
}

TEST_F(PhotoSearchTest, NamesUnknownWords) {
  const SearchResult result = Find("dog with a xylophone");
  EXPECT_THAT(result.unknown, ElementsAre("xylophone"));
  EXPECT_THAT(Paths(result), ElementsAre("/dog.jpg", "/both.jpg"));
  EXPECT_THAT(Find("xylophone").hits, IsEmpty());
  EXPECT_FALSE(SearchByText(*model_, index_, "of the", {}).ok());
}

TEST_F(PhotoSearchTest, FindsWhatIsAlike) {
  const SeenPhoto like = {.embedding = {1, 0.1f}, .labels = {{0, 0.9f}}};
  const auto result = SearchByPhoto(*model_, index_, like, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Paths(*result), ElementsAre("/dog.jpg", "/both.jpg"));
  const auto others = SearchByPhoto(*model_, index_, like, {.except = "/dog.jpg"});
  ASSERT_TRUE(others.ok()) << others.status();
  EXPECT_THAT(Paths(*others), ElementsAre("/both.jpg"));
}

TEST_F(PhotoSearchTest, PagesEscapeWhatTheyShow) {
  const auto page = HitsToHtml(env_, "<script>", Find("dog"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, HasSubstr("<h1>&lt;script&gt;</h1>"));
  EXPECT_THAT(*page, HasSubstr("file:///dog.jpg"));
  // There is no such file: what stands in its place is no broken picture.
  EXPECT_THAT(*page, HasSubstr("cannot be read"));
  EXPECT_THAT(*page, Not(HasSubstr("<img")));
}

TEST_F(PhotoSearchTest, RefusesDamagedModels) {
  Write("model/words.txt", "dog\n");
  EXPECT_TRUE(absl::IsDataLoss(SearchModel::Load(env_, Directory()).status()));
  EXPECT_TRUE(absl::IsNotFound(SearchModel::Load(env_, directory_).status()));
}

TEST(RelevanceTest, RoundTrips) {
  const Relevance relevance = MakeRelevance({"x"}, 0, 1);
  EXPECT_GT(relevance.calibration.Probability({0.9}), relevance.cutoff);
  EXPECT_LT(relevance.calibration.Probability({0.1}), relevance.cutoff);
  const auto read = Relevance::FromJson(relevance.ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ToJson(), relevance.ToJson());
  EXPECT_TRUE(absl::IsDataLoss(Relevance::FromJson("{}").status()));
}

}  // namespace
}  // namespace viv
