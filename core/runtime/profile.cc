// Profiles as Chrome trace and as table.
#include "core/runtime/profile.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace viv {

std::string OpLabel(const Node& node) {
  return node.op_name() == "Fused" ? absl::StrJoin(node.attrs().Strings("ops"), "+")
                                   : node.op_name();
}

int64_t Profile::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Profile::Record(const Node& node, int64_t begin, int64_t end, size_t output_bytes) {
  Event event{node.name(), OpLabel(node), node.device(), begin, end, output_bytes};
  MutexLock lock(mutex_);
  events_.push_back(std::move(event));
}

std::vector<Profile::Event> Profile::events() const {
  MutexLock lock(mutex_);
  return events_;
}

std::string Profile::ChromeTrace() const {
  const std::vector<Event> events = this->events();
  std::map<std::string, int> lanes;
  int64_t start = INT64_MAX;
  for (const Event& event : events) {
    lanes.emplace(event.device, 0);
    start = std::min(start, event.begin);
  }
  nlohmann::json trace = nlohmann::json::array();
  int next = 0;
  for (auto& [device, lane] : lanes) {
    lane = next++;
    trace.push_back({{"name", "thread_name"},
                     {"ph", "M"},
                     {"pid", 0},
                     {"tid", lane},
                     {"args", {{"name", device.empty() ? "/device:cpu:0" : device}}}});
  }
  for (const Event& event : events) {
    trace.push_back({{"name", event.op},
                     {"ph", "X"},
                     {"pid", 0},
                     {"tid", lanes[event.device]},
                     {"ts", static_cast<double>(event.begin - start) / 1e3},
                     {"dur", static_cast<double>(event.end - event.begin) / 1e3},
                     {"args", {{"node", event.name}, {"output_bytes", event.output_bytes}}}});
  }
  return nlohmann::json({{"traceEvents", trace}}).dump();
}

std::string Profile::Table() const {
  struct Row {
    int64_t calls = 0;
    int64_t time = 0;
    size_t bytes = 0;
  };
  std::map<std::string, Row> by_op;
  int64_t total = 0;
  for (const Event& event : events()) {
    Row& row = by_op[event.op];
    ++row.calls;
    row.time += event.end - event.begin;
    row.bytes += event.output_bytes;
    total += event.end - event.begin;
  }
  std::vector<std::pair<std::string, Row>> rows(by_op.begin(), by_op.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second.time > b.second.time; });
  std::string out = absl::StrFormat("%-24s %8s %12s %12s %7s %10s\n", "op", "calls", "total ms",
                                    "mean us", "share", "MB out");
  for (const auto& [op, row] : rows) {
    absl::StrAppend(&out,
                    absl::StrFormat("%-24s %8d %12.3f %12.2f %6.1f%% %10.2f\n", op, row.calls,
                                    row.time / 1e6, row.time / 1e3 / row.calls,
                                    total == 0 ? 0.0 : 100.0 * row.time / total, row.bytes / 1e6));
  }
  return out;
}

}  // namespace viv
