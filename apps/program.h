// What every program does alike: flags, --help, exit codes, errors for people.
#ifndef VIV_APPS_PROGRAM_H_
#define VIV_APPS_PROGRAM_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gflags/gflags.h"

DECLARE_bool(verbose);

namespace viv {

// Exit codes.
constexpr int kSuccess = 0, kFailed = 1, kUsage = 2;

// Print an error and return the exit code.
int Fail(const absl::Status& status);
int FailUsage(const std::string& message);

// Reads the flags of a program and returns its other arguments. Ends the process for --help (0) and
// for flags that are wrong (2).
std::vector<std::string> BeginProgram(int argc, char** argv, const std::string& program,
                                      const std::string& usage);

// The value of a flag of type bool; none where it was not given.
std::optional<bool> GivenBool(const char* flag);

// The first of the flags that was given; "" where none was.
std::string FirstGiven(const std::vector<const char*>& flags);

// The arguments of main, program name first, as a shell reads them.
std::string CommandLine(const std::vector<std::string>& arguments);

}  // namespace viv

#endif  // VIV_APPS_PROGRAM_H_
