// How long a prepared run takes, for the benches.
#ifndef VIV_TOOLS_BENCH_TIMED_RUNS_H_
#define VIV_TOOLS_BENCH_TIMED_RUNS_H_

#include <algorithm>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/status.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"

namespace viv {

// The milliseconds of each run, shortest first: after one to warm up, at least five, and as many as
// fit into `seconds`.
inline absl::StatusOr<std::vector<double>> TimeRuns(const PreparedRun& run,
                                                    absl::Span<const Tensor> feeds,
                                                    absl::Span<Tensor> results, double seconds) {
  RETURN_IF_ERROR(run.Run(feeds, results));
  std::vector<double> times;
  const int64_t begin = Profile::Now();
  while (times.size() < 5 || static_cast<double>(Profile::Now() - begin) < seconds * 1e9) {
    const int64_t start = Profile::Now();
    RETURN_IF_ERROR(run.Run(feeds, results));
    times.push_back(static_cast<double>(Profile::Now() - start) * 1e-6);
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace viv

#endif  // VIV_TOOLS_BENCH_TIMED_RUNS_H_
