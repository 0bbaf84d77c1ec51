// Names of devices: "/job:worker/task:3/device:cuda:0". Hints may leave out parts.
#ifndef VIV_CORE_DEVICE_DEVICE_NAME_H_
#define VIV_CORE_DEVICE_DEVICE_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace viv {

struct DeviceName {
  // Empty or -1: anything.
  std::string job;
  int task = -1;
  std::string type;
  int index = -1;

  // Each part at most once, in any order: "/device:cpu" and "" are fine. InvalidArgument otherwise.
  static absl::StatusOr<DeviceName> Parse(absl::string_view text);
  std::string ToString() const;

  bool full() const { return !job.empty() && task >= 0 && !type.empty() && index >= 0; }
  // Whether `device`, a full name, has all the parts that this one names.
  bool Fits(const DeviceName& device) const;

  friend bool operator==(const DeviceName& a, const DeviceName& b) {
    return a.job == b.job && a.task == b.task && a.type == b.type && a.index == b.index;
  }
};

// The name of CPU `index` of this process where it is part of no cluster.
DeviceName LocalCpu(int index);

}  // namespace viv

#endif  // VIV_CORE_DEVICE_DEVICE_NAME_H_
