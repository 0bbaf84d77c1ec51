// Safetensors files and checkpoints: there and back, and what happens to damaged ones.
#include "core/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/ops/array.h"
#include "core/ops/state.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() : directory_(testing::TempDir() + "/checkpoints_" + Name()) {
    EXPECT_TRUE(env_->Remove(directory_).ok());
  }
  ~CheckpointTest() override { env_->Remove(directory_).IgnoreError(); }
  static std::string Name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  static Checkpoint Example(int64_t step) {
    return {.step = step,
            .tensors = {{"w", Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6})},
                        {"empty", Tensor::Of<int8_t>({0, 7}, {})},
                        {"flag", Tensor::Scalar(true)},
                        {"count", Tensor::Scalar<int64_t>(step)}},
            .texts = {{"reader", "{\"position\": 7}"}},
            .conditions = ArithmeticConditions()};
  }
  std::string TensorsFile(const CheckpointStore& store, int64_t step) {
    return store.PathOf(step) + "/tensors.safetensors";
  }

  Env* env_ = Env::Default();
  std::string directory_;
};

TEST_F(CheckpointTest, GoesThereAndBack) {
  CheckpointStore store(env_, directory_);
  ASSERT_TRUE(store.Save(Example(12)).ok());
  const absl::StatusOr<Checkpoint> back = store.LoadLatest();
  ASSERT_TRUE(back.ok()) << back.status();
  const Checkpoint saved = Example(12);
  EXPECT_EQ(back->step, 12);
  EXPECT_EQ(back->texts, saved.texts);
  EXPECT_TRUE(CheckConditions(back->conditions).ok());
  ASSERT_EQ(back->tensors.size(), saved.tensors.size());
  for (const auto& [name, tensor] : saved.tensors) {
    EXPECT_TRUE(back->tensors.at(name).Identical(tensor)) << name;
  }
}

TEST_F(CheckpointTest, KeepsTheLatest) {
  CheckpointStore store(env_, directory_, /*keep=*/2);
  for (const int64_t step : {1, 20, 300}) ASSERT_TRUE(store.Save(Example(step)).ok());
  EXPECT_THAT(*store.Steps(), ElementsAre(20, 300));
  ASSERT_TRUE(store.Save(Example(300)).ok());
  EXPECT_THAT(*store.Steps(), ElementsAre(20, 300));
}

TEST_F(CheckpointTest, PassesOverDamagedOnes) {
  CheckpointStore store(env_, directory_);
  EXPECT_TRUE(absl::IsNotFound(store.LoadLatest().status()));
  ASSERT_TRUE(store.Save(Example(1)).ok());
  ASSERT_TRUE(store.Save(Example(2)).ok());
  const std::string whole = *env_->ReadFile(TensorsFile(store, 2));

  std::string flipped = whole;
  flipped[whole.size() - 3] ^= 1;
  for (const std::string& damaged :
       {flipped, whole.substr(0, whole.size() - 1), whole.substr(0, 30), std::string()}) {
    ASSERT_TRUE(WriteFileAtomically(env_, TensorsFile(store, 2), damaged).ok());
    EXPECT_TRUE(absl::IsDataLoss(store.Load(2).status())) << store.Load(2).status();
    const absl::StatusOr<Checkpoint> latest = store.LoadLatest();
    ASSERT_TRUE(latest.ok()) << latest.status();
    EXPECT_EQ(latest->step, 1);
  }
  ASSERT_TRUE(WriteFileAtomically(env_, store.PathOf(1) + "/manifest.json", "{").ok());
  EXPECT_TRUE(absl::IsDataLoss(store.LoadLatest().status()));
}

// Every header that a stranger may write is refused with a word.
TEST_F(CheckpointTest, LyingHeadersAreRefused) {
  ASSERT_TRUE(env_->CreateDirs(directory_).ok());
  const std::string path = directory_ + "/x.safetensors";
  const auto message = [&](const std::string& header) {
    const uint64_t length = header.size();
    std::string file(reinterpret_cast<const char*>(&length), sizeof(length));
    EXPECT_TRUE(WriteFileAtomically(env_, path, file + header + "12345678").ok());
    return std::string(ReadSafetensors(env_, path).status().message());
  };
  EXPECT_EQ(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"), "");
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})"),
              HasSubstr("reaches beyond the end"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"),
              HasSubstr("shape does not fit"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],)"
                      R"("data_offsets":[0,8]}})"),
              HasSubstr("shape does not fit"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})"),
              HasSubstr("type is unknown"));
  EXPECT_THAT(message(R"({"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}})"),
              HasSubstr("header is damaged"));
  EXPECT_THAT(message(R"({"a":{"shape":[2]}})"), HasSubstr("header is damaged"));
  EXPECT_THAT(message("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(message(std::string(100000, '[')), HasSubstr("header is damaged"));
}

TEST_F(CheckpointTest, RestoresVariables) {
  GraphBuilder b;
  const Variable w(b, "w", Const(b, Tensor::Of<float>({2}, {0, 0})));
  absl::StatusOr<Session> session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const Tensor value = Tensor::Of<float>({2}, {3, 4});
  ASSERT_TRUE(RestoreVariables(*session, b.graph(), {{"w", value}}).ok());
  EXPECT_TRUE((*session->Run({}, {w.Read()}))[0].Identical(value));

  const auto error = [&](const NamedTensors& tensors) {
    return std::string(RestoreVariables(*session, b.graph(), tensors).message());
  };
  EXPECT_THAT(error({}), HasSubstr("no value for variable 'w'"));
  EXPECT_THAT(error({{"w", value}, {"v", value}}), HasSubstr("no variable 'v'"));
  EXPECT_THAT(error({{"w", Tensor::Of<float>({3}, {1, 2, 3})}}), HasSubstr("w"));
}

TEST(Conditions, NameWhatDiffers) {
  std::map<std::string, std::string> conditions = ArithmeticConditions();
  conditions["threads"] = "99";
  const std::string message(CheckConditions(conditions).message());
  EXPECT_THAT(message, HasSubstr("threads was 99"));
  EXPECT_THAT(message, HasSubstr("--allow_inexact"));
}

}  // namespace
}  // namespace viv
