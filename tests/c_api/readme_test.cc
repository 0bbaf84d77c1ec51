// The commands that the README gives for C, run as they are written.
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

// The first block of shell commands after `heading`.
std::string Commands(const std::string& text, const std::string& heading) {
  const size_t section = text.find(heading);
  const size_t begin = text.find("```sh\n", section);
  if (section == std::string::npos || begin == std::string::npos) return "";
  return text.substr(begin + 6, text.find("```", begin + 6) - begin - 6);
}

TEST(Readme, TheCommandsForCWork) {
  Env* env = Env::Default();
  const absl::StatusOr<std::string> readme =
      env->ReadFile(absl::StrCat(VIV_SOURCE_DIRECTORY, "/README.md"));
  ASSERT_TRUE(readme.ok()) << readme.status();
  const std::string commands = Commands(*readme, "## You write C");
  ASSERT_NE(commands, "");
  // The build may lie elsewhere than in build/.
  const std::string root = absl::StrCat(testing::TempDir(), "/viv_readme_", getpid());
  ASSERT_TRUE(env->CreateDirs(root).ok());
  const std::string script = absl::StrCat(
      "set -e; cd '", root, "'; ln -sfn '", VIV_SOURCE_DIRECTORY, "/core' core; ln -sfn '",
      VIV_BINARY_DIRECTORY, "' build\n", "(", commands, ") > output");
  EXPECT_EQ(std::system(script.c_str()), 0) << script;
  const absl::StatusOr<std::string> output = env->ReadFile(root + "/output");
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(*output, "float[3] {1, 8, 27}\nfloat[3] {3, 12, 27}\n");
  EXPECT_TRUE(env->Remove(root).ok());
}

}  // namespace
}  // namespace viv
