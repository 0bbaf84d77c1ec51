// Row codes and bundles: what comes back, and which bundles are refused.
#include "core/bundle/bundle.h"

#include <cmath>
#include <limits>
#include <set>

#include "core/bundle/bundle_export.h"
#include "core/bundle/row_codes.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/array.h"
#include "core/ops/io.h"
#include "core/ops/math.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"
#include "tests/support/faulty_env.h"

namespace viv {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RowCodes, AreWithinHalfAStepOfEachRow) {
  std::vector<float> values;
  for (int i = 0; i < 60; ++i)
    values.push_back(std::sin(static_cast<float>(i)) * (i < 30 ? 100 : 0.01f));
  const NamedTensors tensors = {{"w", Tensor::Of<float>({6, 10}, values)},
                                {"zero", Tensor::Of<float>({1, 3}, {0, 0, 0})},
                                {"empty", Tensor::Of<float>({0, 3}, {})},
                                {"bias", Tensor::Of<float>({3}, {1, 2, 3})},
                                {"norm/scale", Tensor::Of<float>({2}, {4, 5})}};
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
  for (const char* name : {"zero", "empty", "bias", "norm/scale"}) {
    EXPECT_TRUE(back->at(name).Identical(tensors.at(name))) << name;
  }
}

TEST(RowCodes, AreWithinHalfAStepOfEachOutputChannelOfAFilter) {
  std::vector<float> values;
  for (int i = 0; i < 54; ++i) {
    values.push_back(std::sin(static_cast<float>(i)) * (i % 3 == 0 ? 100 : 0.01f));
  }
  const NamedTensors tensors = {{"w", Tensor::Of<float>({3, 3, 2, 3}, values)}};
  const absl::StatusOr<NamedTensors> codes = EncodeRows(tensors, /*min_elements=*/0);
  ASSERT_TRUE(codes.ok()) << codes.status();
  EXPECT_EQ(codes->at("w/scale").shape(), Shape({3}));
  const absl::StatusOr<NamedTensors> back = DecodeRows(*codes);
  ASSERT_TRUE(back.ok()) << back.status();
  for (int i = 0; i < 54; ++i) {
    const float scale = codes->at("w/scale").data<float>()[i % 3];
    EXPECT_LT(scale, i % 3 == 0 ? 1.0f : 1e-4f);
    EXPECT_NEAR(back->at("w").data<float>()[i], values[i], scale * 0.5001f);
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
  EXPECT_THAT(std::string(EncodeRows({{"w", Tensor::Of<float>({1, 1}, {1})},
                                      {"w/scale", Tensor::Of<float>({1}, {1})}},
                                     0)
                              .status()
                              .message()),
              HasSubstr("the name of 'w/scale' is needed"));
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

// y = w x, with a signature.
struct Scale {
  Scale() {
    x = Placeholder(b.Named("x"), kFloat, {-1});
    w = Variable(b, "w", Const(b, 1.0f));
    y = Mul(b, x, w.Read());
  }
  Signatures signatures() const { return {{"scale", {{{"x", x}}, {{"y", y}}}}}; }

  GraphBuilder b;
  Output x, y;
  Variable w;
};

class BundleGraphTest : public testing::Test {
 protected:
  BundleGraphTest() {
    EXPECT_TRUE(env_.CreateDirs("/bundles").ok());
    EXPECT_TRUE(SetGraph(scale_.b.graph(), scale_.signatures(), &bundle_).ok());
  }

  Scale scale_;
  Bundle bundle_ = {.kind = "test",
                    .settings = {{"key", "value"}},
                    .weights = {{"w", Tensor::Scalar(3.0f)}},
                    .files = {{"README.md", "card"}, {"LICENSE", "Do as you like."}}};
  FaultyEnv env_;
};

// What tells bundles apart follows what is in them, not where they lie.
TEST(BundleExport, HandsOnTheLicencesOfWhatItBeganWith) {
  const BundleExport first = {.data = "photos", .licence = "Do not sell.", .non_commercial = true};
  const BundleExport second = {.data = "letters", .licence = "Name us."};
  const std::string one = first.LicenceText(""), two = second.LicenceText(one);
  EXPECT_THAT(one, StartsWith("Non-commercial use only."));
  EXPECT_THAT(two, AllOf(StartsWith("These weights were learnt from letters."),
                         HasSubstr("Name us."), EndsWith(one)));
  EXPECT_EQ(second.LicenceText(two), two) << "said twice";
}

TEST_F(BundleGraphTest, HasAFingerprintOfItsContents) {
  const auto fingerprint = [&](const std::string& directory) {
    EXPECT_TRUE(WriteBundle(&env_, directory, bundle_).ok());
    return BundleFingerprint(&env_, directory).value_or("");
  };
  const std::string first = fingerprint("/bundles/a");
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(fingerprint("/bundles/b"), first);
  std::set<std::string> all = {first};
  bundle_.weights["w"] = Tensor::Scalar(3.5f);
  all.insert(fingerprint("/bundles/b"));
  bundle_.files["README.md"] = "curd";
  all.insert(fingerprint("/bundles/b"));
  bundle_.files["more"] = "";
  all.insert(fingerprint("/bundles/b"));
  bundle_.files.erase("more");
  bundle_.files["less"] = "";
  all.insert(fingerprint("/bundles/b"));
  bundle_.settings["key"] = "valve";
  all.insert(fingerprint("/bundles/b"));
  EXPECT_EQ(all.size(), 6u);
  EXPECT_THAT(std::string(BundleFingerprint(&env_, "/bundles/none").status().message()),
              HasSubstr("/bundles/none"));
}

TEST_F(BundleGraphTest, AGraphIsReadAndRun) {
  ASSERT_TRUE(WriteBundle(&env_, "/bundles/b", bundle_).ok());
  const absl::StatusOr<Bundle> back = ReadBundle(&env_, "/bundles/b", "");
  ASSERT_TRUE(back.ok()) << back.status();
  absl::StatusOr<LoadedGraph> loaded = ReadGraph(*back);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Signature scale = loaded->signatures.at("scale");
  const Graph& graph = *loaded->graph;
  absl::StatusOr<Session> session = Session::Create(std::move(loaded->graph));
  ASSERT_TRUE(session.ok() && RestoreVariables(*session, graph, back->weights).ok());
  const auto result = session->Run({{scale.feeds.at("x"), Tensor::Of<float>({2}, {1, 2})}},
                                   {scale.fetches.at("y")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE((*result)[0].Identical(Tensor::Of<float>({2}, {3, 6})));
}

TEST_F(BundleGraphTest, AGraphThatTouchesFilesIsRefused) {
  const Output path = Const(scale_.b, Tensor::Scalar("/etc/passwd"));
  Save(scale_.b, path, {"y"}, {scale_.y});
  ASSERT_TRUE(SetGraph(scale_.b.graph(), scale_.signatures(), &bundle_).ok());
  EXPECT_THAT(std::string(ReadGraph(bundle_).status().message()), HasSubstr("may not touch files"));
  bundle_.files["graph.pb"] = "no graph";
  EXPECT_THAT(std::string(ReadGraph(bundle_).status().message()), HasSubstr("graph.pb: "));
  bundle_.files.erase("graph.pb");
  EXPECT_TRUE(absl::IsNotFound(ReadGraph(bundle_).status()));
}

// Every bit and every length of every file: an error that names the bundle, or what was written.
TEST_F(BundleGraphTest, DamageIsNoticed) {
  ASSERT_TRUE(WriteBundle(&env_, "/bundles/b", bundle_).ok());
  const auto expect_harmless = [&](const std::string& path, const std::string& damaged) {
    ASSERT_TRUE(WriteFileAtomically(&env_, path, damaged).ok());
    const absl::StatusOr<Bundle> back = ReadBundle(&env_, "/bundles/b", "test");
    if (!back.ok()) {
      EXPECT_THAT(std::string(back.status().message()), HasSubstr("/bundles/b"));
      return;
    }
    EXPECT_EQ(back->files, bundle_.files) << path;
    EXPECT_TRUE(back->weights.at("w").Identical(bundle_.weights.at("w"))) << path;
  };
  for (const auto& [path, good] : env_.Files()) {
    for (size_t i = 0; i < good.size() * 8; ++i) {
      std::string damaged = good;
      damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << i % 8));
      expect_harmless(path, damaged);
    }
    for (size_t size = 0; size < good.size(); ++size) expect_harmless(path, good.substr(0, size));
    ASSERT_TRUE(WriteFileAtomically(&env_, path, good).ok());
  }
}

}  // namespace
}  // namespace viv
