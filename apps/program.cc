// The frame of a program.
#include "apps/program.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/logging.h"
#include "core/base/parallel.h"

DECLARE_bool(help);
DEFINE_bool(verbose, false, "say more on standard error");
DEFINE_int32(threads, 0, "threads that compute; 0: one for each core");

namespace google {
// What gflags calls on flags that it cannot read.
extern void (*gflags_exitfunc)(int);
}  // namespace google

namespace viv {

namespace {

// A standard stream that was closed gets what no stream can use, so that no file gets its number
// and what is meant for people.
void FillClosedStreams() {
  for (const int stream : {0, 1, 2}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number, which is this one. Not in the direction that is used, so that it
    // fails.
    if (::open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

// As users would type it.
std::string DefaultOf(const gflags::CommandLineFlagInfo& flag) {
  if (flag.type == "double") return absl::StrCat(std::atof(flag.default_value.c_str()));
  if (flag.type == "bool") return flag.default_value == "true" ? "true; --no" + flag.name : "";
  return flag.default_value;
}

// In lines of at most 100 characters.
void PrintIndented(const std::string& text) {
  constexpr char kIndent[] = "      ";
  constexpr size_t kWidth = 100;
  std::string line;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
      std::printf("%s\n", line.c_str());
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? kIndent : " ", word);
  }
  std::printf("%s\n", line.c_str());
}

// Tells of the flags that apps define, and leaves those of libraries out.
void PrintHelp(const std::string& program, const std::string& usage) {
  std::vector<gflags::CommandLineFlagInfo> flags;
  gflags::GetAllFlags(&flags);
  std::sort(flags.begin(), flags.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  std::printf("%s: %s\n\n", program.c_str(), usage.c_str());
  for (const gflags::CommandLineFlagInfo& flag : flags) {
    if (!absl::StrContains(flag.filename, "apps/")) continue;
    const std::string usual = DefaultOf(flag);
    std::printf("  --%s%s\n", flag.name.c_str(),
                usual.empty() ? "" : absl::StrCat(" (", usual, ")").c_str());
    PrintIndented(flag.description);
  }
}

}  // namespace

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return kFailed;
}

int FailUsage(const std::string& message) {
  std::fprintf(stderr, "error: %s; --help tells more\n", message.c_str());
  return kUsage;
}

std::vector<std::string> BeginProgram(int argc, char** argv, const std::string& program,
                                      const std::string& usage) {
  FillClosedStreams();
  google::gflags_exitfunc = [](int) { std::exit(kUsage); };
  gflags::ParseCommandLineNonHelpFlags(&argc, &argv, true);
  if (FLAGS_help) {
    PrintHelp(program, usage);
    std::exit(kSuccess);
  }
  InitLogging(argv[0], FLAGS_verbose);
  if (FLAGS_threads > 0) SetMaxThreads(FLAGS_threads);
  return std::vector<std::string>(argv + 1, argv + argc);
}

std::optional<bool> GivenBool(const char* flag) {
  const gflags::CommandLineFlagInfo info = gflags::GetCommandLineFlagInfoOrDie(flag);
  if (info.is_default) return std::nullopt;
  return info.current_value == "true";
}

std::string FirstGiven(const std::vector<const char*>& flags) {
  for (const char* flag : flags) {
    if (!gflags::GetCommandLineFlagInfoOrDie(flag).is_default) return flag;
  }
  return "";
}

std::string CommandLine(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    const bool plain = argument.find_first_of(" \t\n'\"$&|;<>()*?") == std::string::npos;
    if (!line.empty()) line += ' ';
    if (line.empty()) {
      line = argument.substr(argument.rfind('/') + 1);
    } else if (plain) {
      line += argument;
    } else {
      line += "'" + absl::StrReplaceAll(argument, {{"'", "'\\''"}}) + "'";
    }
  }
  return line;
}

}  // namespace viv
