// Row codes and bundles: what comes back, and which bundles are refused.
#include "core/bundle/bundle.h"

#include <cmath>
#include <limits>

#include "core/bundle/row_codes.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

TEST(RowCodes, AreWithinHalfAStepOfEachRow) {
  std::vector<float> values;
  for (int i = 0; i < 60; ++i)
    values.push_back(std::sin(static_cast<float>(i)) * (i < 30 ? 100 : 0.01f));
  const NamedTensors tensors = {{"w", Tensor::Of<float>({6, 10}, values)},
                                {"zero", Tensor::Of<float>({1, 3}, {0, 0, 0})},
                                {"empty", Tensor::Of<float>({0, 3}, {})},
                                {"bias", Tensor::Of<float>({3}, {1, 2, 3})}};
  const absl::StatusOr<NamedTensors> codes = EncodeRows(tensors, /*min_elements=*/0);
  ASSERT_TRUE(codes.ok()) << codes.status();
  EXPECT_EQ(codes->at("w").dtype(), kInt8);
  const absl::StatusOr<NamedTensors> back = DecodeRows(*codes);
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_EQ(back->size(), tensors.size());
  for (int i = 0; i < 60; ++i) {
    const float scale = codes->at("w/scale").data<float>()[i / 10];
    EXPECT_NEAR(back->at("w").data<float>()[i], values[i], scale * 0.5001f);
  }
  for (const char* name : {"zero", "empty", "bias"}) {
    EXPECT_TRUE(back->at(name).Identical(tensors.at(name))) << name;
  }
}

TEST(RowCodes, RefuseWhatHasNoCode) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(
      std::string(EncodeRows({{"w", Tensor::Of<float>({1, 1}, {infinity})}}, 0).status().message()),
      HasSubstr("'w' holds inf"));
  EXPECT_THAT(std::string(DecodeRows({{"w", Tensor::Of<int8_t>({2, 1}, {1, 2})},
                                      {"w/scale", Tensor::Of<float>({3}, {1, 1, 1})}})
                              .status()
                              .message()),
              HasSubstr("no fitting scales"));
}

TEST(Bundles, NeedALicenceThatSaysWhatMatters) {
  const std::string directory = testing::TempDir() + "/viv_bundle_test";
  Env* env = Env::Default();
  Bundle bundle = {.kind = "test",
                   .settings = {{"key", "value"}},
                   .weights = {{"w", Tensor::Of<float>({2}, {1, 2})}},
                   .files = {{"README.md", "card"}}};
  const auto message = [&] { return std::string(WriteBundle(env, directory, bundle).message()); };
  EXPECT_THAT(message(), HasSubstr("needs a LICENSE"));
  bundle.files["LICENSE"] = "Do as you like.";
  bundle.non_commercial = true;
  EXPECT_THAT(message(), HasSubstr("begins with 'Non-commercial'"));
  bundle.non_commercial = false;
  EXPECT_EQ(message(), "");
  EXPECT_EQ(message(), "") << "writing again replaces it";

  const absl::StatusOr<Bundle> back = ReadBundle(env, directory, "test");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->settings, bundle.settings);
  EXPECT_EQ(back->files, bundle.files);
  EXPECT_TRUE(back->weights.at("w").Identical(bundle.weights.at("w")));
  EXPECT_THAT(std::string(ReadBundle(env, directory, "other").status().message()),
              HasSubstr("for 'test', not for 'other'"));
  EXPECT_TRUE(env->Remove(directory).ok());
}

}  // namespace
}  // namespace viv
