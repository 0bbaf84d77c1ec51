// Runs one of our programs as a user does, for tests of whole programs.
#ifndef VIV_TESTS_SUPPORT_RUN_PROGRAM_H_
#define VIV_TESTS_SUPPORT_RUN_PROGRAM_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace viv {

struct ProgramResult {
  int exit_code = -1;  // -1: killed by a signal
  std::string out, err;
};

struct ProgramOptions {
  std::string input;
  // Where the standard output goes; "": into `out`.
  std::string output;
  // Variables of the environment, "NAME=value", beside this process's own.
  std::vector<std::string> environment;
  // Writing a file beyond so many bytes fails, as on a full disk; 0: no limit.
  int64_t max_file_bytes = 0;
};

// The path of a file in build/bin, fit for a shell.
std::string ProgramPath(const std::string& program);

// `program`: the name of a file in build/bin.
ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProgramOptions& options = {});

// Starts the program, its output thrown away, and kills it (SIGKILL) after so many seconds. Its
// exit code where it ended before, else -1.
int RunAndKill(const std::string& program, const std::vector<std::string>& arguments,
               double seconds);

// A program that goes on until it is told to stop, such as a server.
class RunningProgram {
 public:
  // Starts it; its standard output is thrown away.
  RunningProgram(const std::string& program, const std::vector<std::string>& arguments);
  // Kills it where it still runs.
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  // Waits until its standard error holds `text`, and returns all that it holds; what there was when
  // the program ended or after 30 seconds, where it does not come.
  std::string WaitForError(const std::string& text);
  // Sends SIGTERM and waits: the exit code, -1 where a signal ended it.
  int Stop();

 private:
  std::string err_;
  pid_t child_ = -1;
};

}  // namespace viv

#endif  // VIV_TESTS_SUPPORT_RUN_PROGRAM_H_
