// Programs run through a shell, with the output in files; those to be killed are children of ours.
#include "tests/support/run_program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/file.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// In the child: becomes the program, silent but for its errors. Only calls that are safe after a
// fork.
[[noreturn]] void Become(const std::string& path, std::vector<char*>& arguments,
                         const std::string& err) {
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1}) ::dup2(nowhere, fd);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  ::execv(path.c_str(), arguments.data());
  ::_exit(127);
}

// Starts a program of build/bin; its process id.
pid_t StartProgram(const std::string& program, const std::vector<std::string>& arguments,
                   const std::string& err) {
  std::string path = absl::StrCat(VIV_PROGRAM_DIRECTORY, "/", program);
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers = {path.data()};
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) Become(path, pointers, err);
  EXPECT_GT(child, 0);
  return child;
}

int ExitCode(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

}  // namespace

int RunAndKill(const std::string& program, const std::vector<std::string>& arguments,
               double seconds) {
  using Clock = std::chrono::steady_clock;
  const pid_t child = StartProgram(program, arguments, "/dev/null");
  if (child < 0) return 127;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (Clock::now() >= end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return ExitCode(status);
}

RunningProgram::RunningProgram(const std::string& program,
                               const std::vector<std::string>& arguments)
    : err_(absl::StrCat(testing::TempDir(), "/viv_running_", getpid(), ".err")),
      child_(StartProgram(program, arguments, err_)) {}

RunningProgram::~RunningProgram() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Env::Default()->Remove(err_).IgnoreError();
}

std::string RunningProgram::WaitForError(const std::string& text) {
  std::string err;
  for (int tries = 0; tries < 3000; ++tries) {
    err = Env::Default()->ReadFile(err_).value_or("");
    if (absl::StrContains(err, text)) break;
    siginfo_t ended = {};
    ::waitid(P_PID, static_cast<id_t>(child_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid != 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return err;
}

int RunningProgram::Stop() {
  ::kill(child_, SIGTERM);
  int status = 0;
  ::waitpid(child_, &status, 0);
  child_ = -1;
  return ExitCode(status);
}

std::string ProgramPath(const std::string& program) {
  return Quoted(absl::StrCat(VIV_PROGRAM_DIRECTORY, "/", program));
}

ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProgramOptions& options) {
  Env* env = Env::Default();
  const std::string base = absl::StrCat(testing::TempDir(), "/viv_program_", getpid());
  const std::string in = base + ".in", out = base + ".out", err = base + ".err";
  EXPECT_TRUE(WriteFileAtomically(env, in, options.input).ok());
  std::string command;
  if (options.max_file_bytes > 0) {
    // In blocks of 512 bytes. Without the trap the limit would end the program.
    command = absl::StrCat("trap '' XFSZ; ulimit -f ", options.max_file_bytes / 512, "; ");
  }
  command += "env";
  for (const std::string& setting : options.environment) {
    absl::StrAppend(&command, " ", Quoted(setting));
  }
  absl::StrAppend(&command, " ", ProgramPath(program));
  for (const std::string& argument : arguments) absl::StrAppend(&command, " ", Quoted(argument));
  absl::StrAppend(&command, " <", in, " >", options.output.empty() ? out : options.output, " 2>",
                  err);
  const int status = std::system(command.c_str());
  ProgramResult result;
  if (WIFEXITED(status) && WEXITSTATUS(status) < 128) result.exit_code = WEXITSTATUS(status);
  result.out = env->ReadFile(out).value_or("");
  result.err = env->ReadFile(err).value_or("");
  for (const std::string& path : {in, out, err}) env->Remove(path).IgnoreError();
  return result;
}

}  // namespace viv
