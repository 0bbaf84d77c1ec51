// Runs one of our programs as a user does, for tests of whole programs.
#ifndef VIV_TESTS_SUPPORT_RUN_PROGRAM_H_
#define VIV_TESTS_SUPPORT_RUN_PROGRAM_H_

#include <string>
#include <vector>

namespace viv {

struct ProgramResult {
  int exit_code = -1;  // -1: killed by a signal
  std::string out, err;
};

struct ProgramOptions {
  std::string input;
  // Variables of the environment, "NAME=value", beside this process's own.
  std::vector<std::string> environment;
};

// `program`: the name of a file in build/bin.
ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProgramOptions& options = {});

// Starts the program, its output thrown away, and kills it (SIGKILL) after so many seconds. Its
// exit code where it ended before, else -1.
int RunAndKill(const std::string& program, const std::vector<std::string>& arguments,
               double seconds);

}  // namespace viv

#endif  // VIV_TESTS_SUPPORT_RUN_PROGRAM_H_
