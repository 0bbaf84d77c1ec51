// Atomic writes on a disk that fails at every possible moment, and what the POSIX files promise.
#include "core/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/faulty_env.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kPath[] = "/runs/settings";
const std::string kOld = "old contents", kNew = "the new and longer contents";

// A disk on which kOld lies safely.
std::unique_ptr<FaultyEnv> OldDisk() {
  auto env = std::make_unique<FaultyEnv>();
  EXPECT_TRUE(env->CreateDirs("/runs").ok());
  EXPECT_TRUE(WriteFileAtomically(env.get(), kPath, kOld).ok());
  return env;
}

int CallsOfAWrite() {
  const std::unique_ptr<FaultyEnv> env = OldDisk();
  const int before = env->calls();
  EXPECT_TRUE(WriteFileAtomically(env.get(), kPath, kNew).ok());
  return env->calls() - before;
}

TEST(WriteFileAtomically, AFailureLeavesTheOldOrTheNew) {
  const int calls = CallsOfAWrite();
  ASSERT_EQ(calls, 6);  // create, write, sync, close, rename, sync of the directory
  for (int k = 0; k < calls; ++k) {
    const std::unique_ptr<FaultyEnv> env = OldDisk();
    env->FailCall(k, /*stays=*/false);
    const absl::Status status = WriteFileAtomically(env.get(), kPath, kNew);
    EXPECT_THAT(std::string(status.message()), HasSubstr("planted fault"));
    // Nothing else stays behind.
    EXPECT_THAT(env->Files(), ElementsAre(Pair(kPath, k < 5 ? kOld : kNew)));
  }
}

TEST(WriteFileAtomically, APowerCutLeavesTheOldOrTheNew) {
  const int calls = CallsOfAWrite();
  for (const PowerCut what :
       {PowerCut::kLosesAll, PowerCut::kLosesContents, PowerCut::kTearsContents}) {
    for (int k = 0; k <= calls; ++k) {
      const std::unique_ptr<FaultyEnv> env = OldDisk();
      env->FailCall(k, /*stays=*/true);
      const absl::Status status = WriteFileAtomically(env.get(), kPath, kNew);
      EXPECT_EQ(status.ok(), k == calls);
      env->Heal();
      env->CutPower(what);
      const std::string found = *env->ReadFile(kPath);
      EXPECT_TRUE(found == kNew || (k < calls && found == kOld)) << k << ": " << found;
    }
  }
}

TEST(WriteFileAtomically, AFullDiskLeavesTheOld) {
  for (size_t room = 0; room < kNew.size(); ++room) {
    const std::unique_ptr<FaultyEnv> env = OldDisk();
    env->SetCapacity(static_cast<int64_t>(kOld.size() + room));
    const absl::Status status = WriteFileAtomically(env.get(), kPath, kNew);
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(env->Files(), ElementsAre(Pair(kPath, kOld)));
  }
}

// The fake itself: without the syncs, contents or names are lost.
TEST(FaultyEnv, LosesWhatIsNotSynced) {
  const auto after = [](PowerCut what, bool sync_file, bool sync_dir) {
    const std::unique_ptr<FaultyEnv> env = OldDisk();
    auto file = *env->NewWritableFile("/runs/x");
    EXPECT_TRUE(file->Append("1234").ok());
    EXPECT_TRUE(!sync_file || file->Sync().ok());
    EXPECT_TRUE(file->Close().ok());
    EXPECT_TRUE(env->Rename("/runs/x", kPath).ok());
    EXPECT_TRUE(!sync_dir || env->SyncDir("/runs").ok());
    env->CutPower(what);
    return *env->ReadFile(kPath);
  };
  EXPECT_EQ(after(PowerCut::kLosesAll, true, true), "1234");
  EXPECT_EQ(after(PowerCut::kLosesAll, true, false), kOld);
  EXPECT_EQ(after(PowerCut::kLosesAll, false, true), "");
  EXPECT_EQ(after(PowerCut::kLosesContents, true, false), "1234");
  EXPECT_EQ(after(PowerCut::kLosesContents, false, false), "");
  EXPECT_EQ(after(PowerCut::kTearsContents, false, false), "12");
}

class PosixFileTest : public testing::Test {
 protected:
  PosixFileTest() { EXPECT_TRUE(env_->Remove(directory_).ok()); }
  ~PosixFileTest() override { env_->Remove(directory_).IgnoreError(); }

  Env* env_ = Env::Default();
  const std::string directory_ = JoinPath(
      testing::TempDir(),
      std::string("viv_file_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(PosixFileTest, DirectoriesComeWithTheirParents) {
  const std::string deep = JoinPath(directory_, "a/b/c");
  ASSERT_TRUE(env_->CreateDirs(deep).ok());
  ASSERT_TRUE(env_->CreateDirs(deep + "/").ok());
  ASSERT_TRUE(env_->CreateDirs(JoinPath(directory_, "d/")).ok());
  EXPECT_THAT(*env_->ListDir(directory_), ElementsAre("a", "d"));
  ASSERT_TRUE(WriteFileAtomically(env_, JoinPath(deep, "file"), "x").ok());
  EXPECT_THAT(std::string(env_->CreateDirs(JoinPath(deep, "file/d")).message()),
              HasSubstr("cannot create directory"));
  ASSERT_TRUE(env_->Remove(directory_).ok());
  EXPECT_FALSE(env_->FileExists(directory_));
}

TEST_F(PosixFileTest, ErrorsNameThePath) {
  const std::string path = JoinPath(directory_, "nothing");
  for (const absl::Status& status :
       {env_->ReadFile(path).status(), env_->MapFile(path).status(), env_->ListDir(path).status(),
        env_->NewWritableFile(path).status(), env_->Rename(path, path + "2"),
        env_->SyncDir(path)}) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
  ASSERT_TRUE(env_->CreateDirs(directory_).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(env_->MapFile(directory_).status()));
}

TEST_F(PosixFileTest, MapsWhatWasWritten) {
  ASSERT_TRUE(env_->CreateDirs(directory_).ok());
  const std::string path = JoinPath(directory_, "file");
  for (const std::string& contents : {std::string(), std::string(100000, 'x')}) {
    ASSERT_TRUE(WriteFileAtomically(env_, path, contents).ok());
    EXPECT_EQ(*env_->ReadFile(path), contents);
    const auto mapped = *env_->MapFile(path);
    EXPECT_EQ(std::string(mapped->data(), mapped->size()), contents);
  }
  EXPECT_THAT(*env_->ListDir(directory_), ElementsAre("file"));
}

TEST(Paths, JoinAndSplit) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(DirName("a/b"), "a");
  EXPECT_EQ(DirName("/b"), "/");
  EXPECT_EQ(DirName("b"), ".");
  EXPECT_EQ(BaseName("a/b"), "b");
  EXPECT_EQ(BaseName("b"), "b");
}

}  // namespace
}  // namespace viv
