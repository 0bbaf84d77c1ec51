// Tensors as JSON, figures as text, and slots that load.
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "core/serving/json_tensors.h"
#include "core/serving/metrics.h"
#include "core/serving/model_slot.h"
#include "fake_model.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::StatusOr<Tensor> FromText(const std::string& text, DType dtype) {
  return TensorFromJson(json::parse(text), dtype);
}

TEST(JsonTensors, ReadWhatTheyWrite) {
  const Tensor tensors[] = {Tensor::Of<float>({2, 2}, {0.5f, -1, 3e10f, 0}),
                            Tensor::Of<double>({1}, {1e300}),
                            Tensor::Of<int32_t>({3}, {-2147483647 - 1, 0, 2147483647}),
                            Tensor::Of<int64_t>({1}, {-9007199254740993}),
                            Tensor::Of<int8_t>({2}, {-128, 127}),
                            Tensor::Of<uint8_t>({2}, {0, 255}),
                            Tensor::Of<bool>({2}, {true, false}),
                            Tensor::Of<std::string>({2}, {"", "été"}),
                            Tensor::Of<float>({0, 3}, {}),
                            Tensor::Scalar<int32_t>(7)};
  for (const Tensor& tensor : tensors) {
    const absl::StatusOr<Tensor> back =
        TensorFromJson(json::parse(TensorToJson("x", tensor).dump()), tensor.dtype());
    ASSERT_TRUE(back.ok()) << tensor.ToString() << ": " << back.status();
    EXPECT_TRUE(back->Identical(tensor)) << back->ToString();
  }
}

TEST(JsonTensors, TakeNestedData) {
  const auto tensor = FromText(
      R"({"name": "x", "shape": [2, 2], "datatype": "INT32", "data": [[1, 2], [3, 4]]})", kInt32);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_TRUE(tensor->Identical(Tensor::Of<int32_t>({2, 2}, {1, 2, 3, 4})));
}

TEST(JsonTensors, SayWhatIsWrong) {
  const struct {
    const char *text, *message;
    DType dtype;
  } cases[] = {
      {R"({})", "a tensor needs a 'name'", kFloat},
      {R"({"name": "x"})", "tensor 'x': 'datatype' must be \"FP32\"", kFloat},
      {R"({"name": "x", "datatype": "FP64"})", "must be \"FP32\"", kFloat},
      {R"({"name": "x", "datatype": "FP32"})", "'shape' is missing", kFloat},
      {R"({"name": "x", "datatype": "FP32", "shape": [1]})", "'data' is missing", kFloat},
      {R"({"name": "x", "datatype": "FP32", "shape": [-1], "data": [1]})", "no list of extents",
       kFloat},
      {R"({"name": "x", "datatype": "FP32", "shape": [4294967296, 4294967296], "data": [1]})",
       "too large", kFloat},
      {R"({"name": "x", "datatype": "FP32", "shape": [2], "data": [1]})",
       "the shape [2] has 2 elements, but there are 1", kFloat},
      {R"({"name": "x", "datatype": "FP32", "shape": [1], "data": ["1"]})", "element 0 is no FP32",
       kFloat},
      {R"({"name": "x", "datatype": "INT8", "shape": [1], "data": [128]})", "element 0 is no INT8",
       kInt8},
      {R"({"name": "x", "datatype": "INT8", "shape": [1], "data": [-129]})", "is no INT8", kInt8},
      {R"({"name": "x", "datatype": "UINT8", "shape": [1], "data": [-1]})", "is no UINT8", kUInt8},
      {R"({"name": "x", "datatype": "INT32", "shape": [1], "data": [1.5]})", "is no INT32", kInt32},
      {R"({"name": "x", "datatype": "INT64", "shape": [1], "data": [18446744073709551615]})",
       "is no INT64", kInt64},
      {R"({"name": "x", "datatype": "BYTES", "shape": [1], "data": [1]})", "is no BYTES", kString},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(std::string(FromText(c.text, c.dtype).status().message()), HasSubstr(c.message))
        << c.text;
  }
  std::string deep = R"({"name": "x", "datatype": "FP32", "shape": [1], "data": )";
  deep += std::string(100, '[') + "1" + std::string(100, ']') + "}";
  EXPECT_THAT(std::string(FromText(deep, kFloat).status().message()), HasSubstr("too deeply"));
}

TEST(Metrics, AreTextForPrometheus) {
  Metrics metrics;
  metrics.DeclareCounter("b_total", "Things.");
  metrics.DeclareHistogram("a_seconds", "Times.", {0.1, 1});
  metrics.Count("b_total", {{"kind", "say \"hi\"\n"}});
  metrics.Count("b_total", {{"kind", "say \"hi\"\n"}}, 2);
  for (const double value : {0.05, 0.1, 0.5, 7.0}) metrics.Observe("a_seconds", {}, value);
  EXPECT_EQ(metrics.Text(),
            "# HELP a_seconds Times.\n# TYPE a_seconds histogram\n"
            "a_seconds_bucket{le=\"0.1\"} 2\na_seconds_bucket{le=\"1\"} 3\n"
            "a_seconds_bucket{le=\"+Inf\"} 4\na_seconds_sum 7.65\na_seconds_count 4\n"
            "# HELP b_total Things.\n# TYPE b_total counter\n"
            "b_total{kind=\"say \\\"hi\\\"\\n\"} 3\n");
}

class ModelSlotTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = JoinPath(testing::TempDir(), absl::StrCat("viv_model_slot_", getpid()));
    ASSERT_TRUE(Env::Default()->CreateDirs(directory_).ok());
    ModelSlot::DeclareMetrics(metrics_);
    slot_ =
        std::make_unique<ModelSlot>("fake", directory_, LoadFakeModel, BatcherOptions(), &metrics_);
  }
  void TearDown() override { ASSERT_TRUE(Env::Default()->Remove(directory_).ok()); }
  void Put(const std::string& prefix) {
    ASSERT_TRUE(
        WriteFileAtomically(Env::Default(), JoinPath(directory_, "bundle.json"), prefix).ok());
  }
  std::string Ask(const char* text = "x") {
    const auto results = slot_->Infer({{.inputs = {Tensor::Scalar(text)}}});
    if (!results.ok()) return std::string(results.status().message());
    return (*results->items[0])[0].scalar<std::string>();
  }

  std::string directory_;
  Metrics metrics_;
  std::unique_ptr<ModelSlot> slot_;
};

TEST_F(ModelSlotTest, ServesWhatItsFolderHolds) {
  EXPECT_THAT(Ask(), HasSubstr("not ready yet"));
  EXPECT_FALSE(slot_->Load().ok()) << "there is no bundle";
  Put("one ");
  ASSERT_TRUE(slot_->Load().ok());
  EXPECT_EQ(Ask(), "one x");
  const std::string first = slot_->current().version;
  ASSERT_TRUE(slot_->ReloadIfChanged().ok());
  EXPECT_EQ(slot_->current().version, first);
  Put("two ");
  EXPECT_EQ(Ask(), "one x");
  ASSERT_TRUE(slot_->ReloadIfChanged().ok());
  EXPECT_EQ(Ask(), "two x");
  EXPECT_NE(slot_->current().version, first);
}

TEST_F(ModelSlotTest, KeepsTheOldModelWhereTheNewOneIsNoGood) {
  Put("one ");
  ASSERT_TRUE(slot_->Load().ok());
  Put("broken");
  EXPECT_THAT(std::string(slot_->ReloadIfChanged().message()),
              StartsWith("cannot load 'fake': it is broken"));
  EXPECT_EQ(Ask(), "one x");
  EXPECT_TRUE(slot_->ReloadIfChanged().ok()) << "what failed is tried once";
  Put("cold");
  EXPECT_THAT(std::string(slot_->ReloadIfChanged().message()), HasSubstr("while it was warmed up"));
  EXPECT_EQ(Ask(), "one x");
  ASSERT_TRUE(Env::Default()->Remove(JoinPath(directory_, "bundle.json")).ok());
  EXPECT_TRUE(slot_->ReloadIfChanged().ok());
  EXPECT_EQ(Ask(), "one x");
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("vivarium_model_loads_total{model=\"fake\",result=\"error\"} 2"));
}

TEST_F(ModelSlotTest, LoadsAgainWhenAFileBesideTheBundleChanges) {
  const std::string terms = JoinPath(directory_, "terms.tsv");
  const auto write = [&terms](const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(Env::Default(), terms, text).ok());
  };
  const ServedModelLoader load =
      [&terms](const std::string&) -> absl::StatusOr<std::unique_ptr<const ServedModel>> {
    ASSIGN_OR_RETURN(const std::string prefix, Env::Default()->ReadFile(terms));
    return std::make_unique<const FakeModel>(prefix);
  };
  slot_ = std::make_unique<ModelSlot>("fake", directory_, load, BatcherOptions(), &metrics_,
                                      std::vector<std::string>{terms});
  Put("bundle");
  EXPECT_FALSE(slot_->Load().ok()) << "there is no file";
  write("one ");
  ASSERT_TRUE(slot_->Load().ok());
  write("two ");
  ASSERT_TRUE(slot_->ReloadIfChanged().ok());
  EXPECT_EQ(Ask(), "two x");
  ASSERT_TRUE(Env::Default()->Remove(terms).ok());
  EXPECT_TRUE(slot_->ReloadIfChanged().ok());
  EXPECT_EQ(Ask(), "two x");
}

TEST_F(ModelSlotTest, SmallBatchesHaveAThreadEachWhereSeveralRunAtATime) {
  Put("one ");
  const int threads = MaxThreads();
  SetMaxThreads(2);
  for (const int workers : {1, 2}) {
    slot_ = std::make_unique<ModelSlot>("fake", directory_, LoadFakeModel,
                                        BatcherOptions{.workers = workers}, &metrics_);
    ASSERT_TRUE(slot_->Load().ok());
    EXPECT_EQ(Ask("how wide?"), workers == 1 ? "2" : "1");
    EXPECT_EQ(Ask("HOW WIDE?"), "2");
  }
  SetMaxThreads(threads);
}

}  // namespace
}  // namespace viv
