// Save and Restore as nodes, and the nodes that save a graph's variables.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
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
using ::testing::HasSubstr;

constexpr char kPath[] = "/files/x.safetensors";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class SaveRestoreTest : public testing::Test {
 protected:
  SaveRestoreTest() { EXPECT_TRUE(env_.CreateDirs("/files").ok()); }

  absl::StatusOr<std::vector<Tensor>> Run(const GraphBuilder& b,
                                          const std::vector<Output>& fetches) {
    ASSIGN_OR_RETURN(Session session, Session::Create(b, {.env = &env_}));
    return session.Run({}, fetches);
  }
  // Saves; the file's checksum.
  int64_t SaveAll(const NamedTensors& tensors) {
    GraphBuilder b;
    std::vector<std::string> names;
    std::vector<Output> values;
    for (const auto& [name, tensor] : tensors) {
      names.push_back(name);
      values.push_back(Const(b, tensor));
    }
    const SavedFile file = Save(b, Const(b, Tensor::Scalar(kPath)), names, values);
    const auto sums = Run(b, {file.bytes, file.crc32});
    EXPECT_TRUE(sums.ok()) << sums.status();
    if (!sums.ok()) return -1;
    EXPECT_EQ((*sums)[0].scalar<int64_t>(), static_cast<int64_t>(env_.ReadFile(kPath)->size()));
    return (*sums)[1].scalar<int64_t>();
  }
  absl::StatusOr<std::vector<Tensor>> RestoreAll(const std::vector<SavedTensor>& tensors,
                                                 int64_t crc32 = -1) {
    GraphBuilder b;
    return Run(
        b, Restore(b, Const(b, Tensor::Scalar(kPath)), Const(b, Tensor::Scalar(crc32)), tensors));
  }

  FaultyEnv env_;
};

TEST_F(SaveRestoreTest, EveryTypeAndShapeComesBack) {
  const DType types[] = {kFloat, kDouble, kBFloat16, kHalf, kInt8, kUInt8, kInt32, kInt64, kBool};
  NamedTensors tensors;
  std::vector<SavedTensor> asked;
  for (const DType type : types) {
    for (const Shape& shape : {Shape(), Shape({0, 3}), Shape({1}), Shape({3, 17})}) {
      Tensor tensor = *Tensor::Zeros(type, shape);
      auto* bytes = static_cast<char*>(tensor.raw());
      for (size_t i = 0; i < tensor.bytes(); ++i) bytes[i] = static_cast<char>(i % 2);
      tensors[absl::StrCat(DTypeName(type), shape.ToString())] = tensor;
    }
  }
  for (const auto& [name, tensor] : tensors) asked.push_back({name, tensor.dtype(), {}});
  const int64_t crc = SaveAll(tensors);
  const auto restored = RestoreAll(asked, crc);
  ASSERT_TRUE(restored.ok()) << restored.status();
  for (size_t i = 0; i < asked.size(); ++i) {
    EXPECT_TRUE((*restored)[i].Identical(tensors[asked[i].name])) << asked[i].name;
  }
  EXPECT_EQ(env_.ListDir("/files")->size(), 1u);
}

TEST_F(SaveRestoreTest, WhatDoesNotFitIsNamed) {
  SaveAll({{"a", Tensor::Of<float>({2}, {1, 2})}, {"b", Tensor::Scalar(3.0f)}});
  const auto error = [&](const std::vector<SavedTensor>& asked) {
    return Message(RestoreAll(asked).status());
  };
  EXPECT_THAT(error({{"a", kFloat, {-1}}, {"c", kFloat, {}}}),
              AllOf(HasSubstr(kPath), HasSubstr("no value for 'c'")));
  EXPECT_THAT(error({{"a", kFloat, {2}}}), HasSubstr("nobody asks for the value of 'b'"));
  EXPECT_THAT(error({{"a", kFloat, {3}}, {"b", kFloat, {}}}),
              HasSubstr("'a' is float[2], not float[3]"));
  EXPECT_THAT(error({{"a", kInt32, {2}}, {"b", kFloat, {}}}),
              HasSubstr("'a' is float[2], not int32[2]"));
}

TEST_F(SaveRestoreTest, WhatTheFormatLacksIsRefusedWhenTheGraphIsBuilt) {
  const auto error = [](const std::vector<std::string>& names, const Tensor& value) {
    GraphBuilder b;
    const Output x = Const(b, value);
    Save(b, Const(b, Tensor::Scalar("/x")), names, {x, x});
    return Message(b.status());
  };
  EXPECT_THAT(error({"a", "a"}, Tensor::Scalar(1.0f)), HasSubstr("two tensors 'a'"));
  EXPECT_THAT(error({"a"}, Tensor::Scalar(1.0f)), HasSubstr("1 names for 2 tensors"));
  EXPECT_THAT(error({"a", "b"}, Tensor::Scalar("text")), HasSubstr("'a' is string"));
  GraphBuilder b;
  Restore(b, Const(b, Tensor::Scalar("/x")), Const(b, Tensor::Scalar<int64_t>(-1)),
          {{"a", kString, {}}});
  EXPECT_THAT(Message(b.status()), HasSubstr("does not hold"));
}

TEST_F(SaveRestoreTest, EveryFlippedBitAndEveryLengthIsNoticed) {
  const int64_t crc = SaveAll({{"a", Tensor::Of<float>({3}, {1, 2, 3})}});
  const std::vector<SavedTensor> asked = {{"a", kFloat, {3}}};
  ASSERT_TRUE(RestoreAll(asked, crc).ok());
  const std::string good = *env_.ReadFile(kPath);
  const auto expect_noticed = [&](const std::string& damaged) {
    ASSERT_TRUE(WriteFileAtomically(&env_, kPath, damaged).ok());
    const absl::Status status = RestoreAll(asked, crc).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(Message(status), HasSubstr(kPath));
  };
  for (size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    expect_noticed(damaged);
  }
  for (size_t size = 0; size < good.size(); ++size) expect_noticed(good.substr(0, size));
  expect_noticed(good + '\0');
}

// The old file survives whatever happens while the new one is written.
TEST_F(SaveRestoreTest, AFileIsReplacedWholeOrNotAtAll) {
  const NamedTensors before = {{"a", Tensor::Of<float>({3}, {1, 2, 3})}};
  GraphBuilder b;
  const Output x = Const(b, Tensor::Of<float>({3}, {4, 5, 6}));
  const SavedFile file = Save(b, Const(b, Tensor::Scalar(kPath)), {"a"}, {x});
  int failures = 0;
  for (int skip = 0;; ++skip) {
    SaveAll(before);
    const std::string old = *env_.ReadFile(kPath);
    env_.FailCall(skip, /*stays=*/true);
    const absl::Status status = Run(b, {file.crc32}).status();
    env_.Heal();
    if (status.ok()) break;
    ++failures;
    env_.CutPower(PowerCut::kLosesAll);
    EXPECT_EQ(*env_.ReadFile(kPath), old) << skip;
    EXPECT_THAT(Message(status), HasSubstr("Save 'Save'"));
  }
  EXPECT_GT(failures, 5);
}

TEST_F(SaveRestoreTest, AFullDiskIsSaid) {
  SaveAll({{"a", Tensor::Scalar(1.0f)}});
  const auto files = env_.Files();
  env_.SetCapacity(static_cast<int64_t>(env_.ReadFile(kPath)->size()) + 100);
  GraphBuilder b;
  const SavedFile file =
      Save(b, Const(b, Tensor::Scalar(kPath)), {"a"}, {Const(b, *Tensor::Zeros(kFloat, {1000}))});
  const absl::Status status = Run(b, {file.crc32}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(env_.Files(), files);
}

// Two variables; a run that counts, so that a snapshot shows when it was taken.
struct Counters {
  Counters() {
    a = Variable(b, "a", Const(b, Tensor::Of<float>({2}, {1, 2})));
    n = Variable(b, "n", Const(b, Tensor::Scalar<int64_t>(0)), {.trainable = false});
    step = Group(b, {AssignAdd(b, a, Const(b, Tensor::Of<float>({2}, {10, 10}))),
                     AssignAdd(b, n, Const(b, Tensor::Scalar<int64_t>(1)))});
  }
  GraphBuilder b;
  Variable a, n;
  Output step;
};

TEST_F(SaveRestoreTest, VariablesOfASessionGoThroughACheckpoint) {
  Counters g;
  auto saver = Saver::Create(g.b);
  ASSERT_TRUE(saver.ok()) << saver.status();
  auto session = Session::Create(g.b, {.env = &env_});
  ASSERT_TRUE(session.ok());
  CheckpointStore store(&env_, "/runs");
  EXPECT_THAT(Message(store.Save({.step = 1}, *session, *saver)),
              AllOf(HasSubstr("was not saved"), HasSubstr("Initialize()")));
  EXPECT_TRUE(store.Steps()->empty());
  ASSERT_TRUE(session->Initialize().ok());
  ASSERT_TRUE(session->Run({}, {g.step}).ok());
  ASSERT_TRUE(store.Save({.step = 1, .texts = {{"t", "u"}}}, *session, *saver).ok());
  const NamedTensors saved = session->VariableValues();
  ASSERT_TRUE(session->Run({}, {g.step}).ok());

  const auto loaded = store.LoadLatest();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->texts.at("t"), "u");
  EXPECT_EQ(loaded->tensors.size(), 2u);
  ASSERT_TRUE(saver->Restore(*session, *loaded).ok());
  for (const auto& [name, value] : session->VariableValues()) {
    EXPECT_TRUE(value.Identical(saved.at(name))) << name;
  }
  // The same bits as tensors in memory give.
  const std::string path = store.PathOf(1) + "/tensors.safetensors";
  const std::string by_session = *env_.ReadFile(path);
  ASSERT_TRUE(store.Save({.step = 1, .tensors = saved}).ok());
  EXPECT_EQ(*env_.ReadFile(path), by_session);
}

TEST_F(SaveRestoreTest, RestoringChangesAllVariablesOrNone) {
  Counters g;
  auto saver = Saver::Create(g.b);
  ASSERT_TRUE(saver.ok());
  auto session = Session::Create(g.b, {.env = &env_});
  ASSERT_TRUE(session->Initialize().ok());
  const NamedTensors before = session->VariableValues();
  CheckpointStore store(&env_, "/runs");
  const NamedTensors others[] = {
      {{"a", Tensor::Of<float>({2}, {7, 7})}},
      {{"a", Tensor::Of<float>({2}, {7, 7})}, {"n", Tensor::Scalar(1.0f)}},
      {{"a", Tensor::Of<float>({3}, {7, 7, 7})}, {"n", Tensor::Scalar<int64_t>(1)}},
      {{"a", Tensor::Of<float>({2}, {7, 7})},
       {"n", Tensor::Scalar<int64_t>(1)},
       {"z", Tensor::Scalar<int64_t>(1)}}};
  int64_t step = 0;
  for (const NamedTensors& other : others) {
    ASSERT_TRUE(store.Save({.step = ++step, .tensors = other}).ok());
    const auto loaded = store.Load(step);
    ASSERT_TRUE(loaded.ok());
    EXPECT_TRUE(absl::IsInvalidArgument(saver->Restore(*session, *loaded)));
    for (const auto& [name, value] : session->VariableValues()) {
      EXPECT_TRUE(value.Identical(before.at(name))) << name;
    }
  }
}

}  // namespace
}  // namespace viv
