// Parses and prints names of devices.
#include "core/device/device_name.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace viv {
namespace {

bool ParseNumber(absl::string_view text, int& number) {
  return number < 0 && absl::SimpleAtoi(text, &number) && number >= 0;
}

// One part without its slash, "task:3"; false where it is none or comes a second time.
bool ParsePart(absl::string_view part, DeviceName& name) {
  const std::vector<absl::string_view> words = absl::StrSplit(part, ':');
  if (words.size() < 2 || words[1].empty()) return false;
  if (words[0] == "job" && words.size() == 2 && name.job.empty()) {
    name.job = std::string(words[1]);
    return true;
  }
  if (words[0] == "task" && words.size() == 2) return ParseNumber(words[1], name.task);
  if (words[0] != "device" || words.size() > 3 || !name.type.empty()) return false;
  name.type = std::string(words[1]);
  return words.size() == 2 || ParseNumber(words[2], name.index);
}

}  // namespace

absl::StatusOr<DeviceName> DeviceName::Parse(absl::string_view text) {
  DeviceName name;
  if (text.empty()) return name;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  bool good = parts[0].empty() && parts.size() > 1;
  for (size_t i = 1; good && i < parts.size(); ++i) good = ParsePart(parts[i], name);
  if (good) return name;
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is no device name like '/job:worker/task:3/device:cpu:0'"));
}

std::string DeviceName::ToString() const {
  std::string text;
  if (!job.empty()) absl::StrAppend(&text, "/job:", job);
  if (task >= 0) absl::StrAppend(&text, "/task:", task);
  if (!type.empty()) absl::StrAppend(&text, "/device:", type);
  if (index >= 0) absl::StrAppend(&text, ":", index);
  return text;
}

bool DeviceName::Fits(const DeviceName& device) const {
  return (job.empty() || job == device.job) && (task < 0 || task == device.task) &&
         (type.empty() || type == device.type) && (index < 0 || index == device.index);
}

DeviceName LocalCpu(int index) {
  return {.job = "local", .task = 0, .type = "cpu", .index = index};
}

}  // namespace viv
