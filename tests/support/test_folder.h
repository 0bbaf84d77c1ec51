// Tests with files: a folder that ends with the test.
#ifndef VIV_TESTS_SUPPORT_TEST_FOLDER_H_
#define VIV_TESTS_SUPPORT_TEST_FOLDER_H_

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "gtest/gtest.h"

namespace viv {

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = JoinPath(::testing::TempDir(),
                          absl::StrCat("viv_", info->test_suite_name(), "_", info->name()));
    ASSERT_TRUE(env_->Remove(directory_).ok());
    ASSERT_TRUE(env_->CreateDirs(directory_).ok());
  }
  void TearDown() override { ASSERT_TRUE(env_->Remove(directory_).ok()); }

  // Writes a file, whose name may have folders in it, and returns its path.
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = JoinPath(directory_, name);
    EXPECT_TRUE(env_->CreateDirs(DirName(path)).ok());
    EXPECT_TRUE(WriteFileAtomically(env_, path, text).ok());
    return path;
  }

  Env* const env_ = Env::Default();
  std::string directory_;
};

// Makes folders in `folder`, one in the other, until the innermost one's path is longer than what
// the system opens: a folder that not even root can list. Returns its path.
inline std::string MakeUnlistableFolder(const std::string& folder) {
  const std::string name(200, 'd');
  std::string path = folder;
  int at = open(folder.c_str(), O_DIRECTORY);
  while (path.size() < PATH_MAX && at >= 0) {
    EXPECT_EQ(mkdirat(at, name.c_str(), 0700), 0);
    const int next = openat(at, name.c_str(), O_DIRECTORY);
    close(at);
    at = next;
    path = JoinPath(path, name);
  }
  EXPECT_GE(at, 0);
  close(at);
  return path;
}

// The bytes of a gzip file with that text.
inline std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace viv

#endif  // VIV_TESTS_SUPPORT_TEST_FOLDER_H_
