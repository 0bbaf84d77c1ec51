// Through a shell, with the output in files.
#include "tests/support/run_program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/file.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

}  // namespace

ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProgramOptions& options) {
  Env* env = Env::Default();
  const std::string base = absl::StrCat(testing::TempDir(), "/viv_program_", getpid());
  const std::string in = base + ".in", out = base + ".out", err = base + ".err";
  EXPECT_TRUE(WriteFileAtomically(env, in, options.input).ok());
  std::string command = "env";
  for (const std::string& setting : options.environment) {
    absl::StrAppend(&command, " ", Quoted(setting));
  }
  absl::StrAppend(&command, " ", Quoted(absl::StrCat(VIV_PROGRAM_DIRECTORY, "/", program)));
  for (const std::string& argument : arguments) absl::StrAppend(&command, " ", Quoted(argument));
  absl::StrAppend(&command, " <", in, " >", out, " 2>", err);
  const int status = std::system(command.c_str());
  ProgramResult result;
  if (WIFEXITED(status) && WEXITSTATUS(status) < 128) result.exit_code = WEXITSTATUS(status);
  result.out = env->ReadFile(out).value_or("");
  result.err = env->ReadFile(err).value_or("");
  for (const std::string& path : {in, out, err}) env->Remove(path).IgnoreError();
  return result;
}

}  // namespace viv
