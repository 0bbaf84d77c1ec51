// What is printed of an answer, and what is drawn of it.
#include "models/vision/classification.h"

#include "gmock/gmock.h"
#include "image_makers.h"
#include "models/vision/explanation.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Classification Dog() {
  return {.labels = {{1, "dog", 0.75}, {0, "cat", 0.125}, {2, "fox", 0.0625}}};
}

TEST(Classification, IsAFewLines) {
  EXPECT_EQ(FormatClassification("a.jpg", Dog(), {.top = 2}),
            "a.jpg\n  0.750  dog\n  0.125  cat\n");
  EXPECT_EQ(FormatClassification("a.jpg", Dog(), {.min_confidence = 0.8}),
            "a.jpg\n  none of these (the likeliest, dog, has a confidence of 0.750)\n");
  EXPECT_EQ(FormatClassification("a.jpg", absl::NotFoundError("gone"), {}), "");
}

TEST(Classification, IsALineOfJson) {
  const ClassificationFormat format = {.json = true, .top = 2, .min_confidence = 0.5};
  EXPECT_EQ(json::parse(FormatClassification("a.jpg", Dog(), format)),
            json::parse(R"({"input": "a.jpg", "confidence": 0.75,
                            "labels": [{"name": "dog", "confidence": 0.75},
                                       {"name": "cat", "confidence": 0.125}]})"));
  Classification unsure = Dog();
  unsure.labels[0].confidence = 0.25;
  unsure.features = Tensor::Of<float>({2}, {0, 1});
  EXPECT_EQ(json::parse(FormatClassification("a.jpg", unsure, format)),
            json::parse(R"({"input": "a.jpg", "confidence": 0.25, "abstained": true,
                            "features": [0, 1]})"));
  EXPECT_EQ(json::parse(FormatClassification("a.jpg", absl::NotFoundError("gone"), format)),
            json::parse(R"({"input": "a.jpg", "error": "gone"})"));
}

TEST(Classification, TakesNamesThatAreNoUtf8) {
  const json line = json::parse(FormatClassification("\xff.jpg", Dog(), {.json = true}));
  EXPECT_EQ(line["input"], "\xEF\xBF\xBD.jpg");
}

TEST(Explanation, KeepsTheColourOfWhatSpokeForTheLabel) {
  const Tensor photo = MakePixels(4, 8, 3, [](int64_t, int64_t, int) { return 200; });
  const Tensor heat = Tensor::Of<float>({1, 2}, {2, -1});
  const absl::StatusOr<Tensor> drawn = DrawHeat(photo, heat);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(drawn->shape(), photo.shape());
  const uint8_t* row = drawn->data<uint8_t>();
  EXPECT_GT(row[0], row[2] + 30) << "it glows";
  EXPECT_EQ(row[3 * 7], row[3 * 7 + 2]) << "the other end is grey";
  EXPECT_LT(row[3 * 7], 100);
}

TEST(Explanation, TellsRegionsApartWhereAllSpokeForTheLabel) {
  const Tensor photo = MakePixels(4, 8, 3, [](int64_t, int64_t, int) { return 200; });
  const auto differ = DrawHeat(photo, Tensor::Of<float>({1, 2}, {7, 6}));
  ASSERT_TRUE(differ.ok()) << differ.status();
  EXPECT_GT(differ->data<uint8_t>()[0], 200) << "it glows";
  EXPECT_LT(differ->data<uint8_t>()[3 * 7], 100) << "the other end is dark";
  const auto alike = DrawHeat(photo, Tensor::Of<float>({1, 2}, {7, 7}));
  ASSERT_TRUE(alike.ok()) << alike.status();
  EXPECT_GT(alike->data<uint8_t>()[0], 200);
  EXPECT_GT(alike->data<uint8_t>()[3 * 7], 200);
}

TEST(Explanation, DrawsNothingOfNothing) {
  const Tensor photo = MakePixels(1, 1, 3, [](int64_t, int64_t, int) { return 200; });
  for (const float heat : {0.0f, -3.0f, std::numeric_limits<float>::quiet_NaN(),
                           std::numeric_limits<float>::infinity()}) {
    const absl::StatusOr<Tensor> drawn = DrawHeat(photo, Tensor::Of<float>({1, 1}, {heat}));
    ASSERT_TRUE(drawn.ok()) << drawn.status();
    EXPECT_EQ(drawn->data<uint8_t>()[0], 90) << heat;
  }
}

TEST(Explanation, RefusesOtherShapes) {
  const Tensor photo = MakePixels(2, 2, 3, [](int64_t, int64_t, int) { return 200; });
  EXPECT_THAT(std::string(DrawHeat(photo, Tensor::Of<float>({2}, {1, 2})).status().message()),
              HasSubstr("[2]"));
  EXPECT_THAT(
      std::string(DrawHeat(Tensor::Of<uint8_t>({1, 1, 1}, {1}), Tensor::Of<float>({1, 1}, {1}))
                      .status()
                      .message()),
      HasSubstr("[1, 1, 1]"));
}

}  // namespace
}  // namespace viv
