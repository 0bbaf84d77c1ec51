// What a run did when, for Chrome's trace viewer and as a table by op.
#ifndef VIV_CORE_RUNTIME_PROFILE_H_
#define VIV_CORE_RUNTIME_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/thread_annotations.h"
#include "core/graph/graph.h"

namespace viv {

// The op's name for people: of a Fused node, the ops that it stands for ("Mul+Add+Tanh").
std::string OpLabel(const Node& node);

// Collects the kernels' times of one or more runs. Safe for concurrent use.
class Profile {
 public:
  struct Event {
    std::string name;
    std::string op;
    std::string device;
    int64_t begin = 0;  // nanoseconds, Now()
    int64_t end = 0;
    size_t output_bytes = 0;
  };

  static int64_t Now();
  void Record(const Node& node, int64_t begin, int64_t end, size_t output_bytes);

  std::vector<Event> events() const;
  // Opens in chrome://tracing and Perfetto; one lane a device.
  std::string ChromeTrace() const;
  // One line an op, the most expensive first: calls, total and mean time, share, bytes written.
  std::string Table() const;

 private:
  mutable Mutex mutex_;
  std::vector<Event> events_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_PROFILE_H_
