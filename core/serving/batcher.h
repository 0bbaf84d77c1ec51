// Puts items of several requests together: while all workers run a batch, what arrives waits and
// forms the next ones. An idle server makes nobody wait; the busier it is, the larger the batches.
#ifndef VIV_CORE_SERVING_BATCHER_H_
#define VIV_CORE_SERVING_BATCHER_H_

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/thread_annotations.h"
#include "core/serving/served_model.h"

namespace viv {

struct BatcherOptions {
  // Items that run together.
  int max_batch = 32;
  // Batches that run at a time, each on a thread of its own.
  int workers = 1;
  // Items that may wait; further ones are refused.
  int max_waiting = 1024;
  // An item that has waited so long is not run any more.
  int max_wait_seconds = 30;
};

// What became of the items of one request.
struct ServedResults {
  std::vector<absl::StatusOr<Example>> items;
  // Items, of other requests too, in the largest batch that one of these was in.
  int batch_size = 0;
};

// Safe for concurrent use.
class Batcher {
 public:
  // Runs a batch whose items have the same parameters; as many at a time as there are workers.
  using RunFn = std::function<std::vector<absl::StatusOr<Example>>(
      absl::Span<const ServedItem* const> batch)>;

  Batcher(const BatcherOptions& options, RunFn run);
  // Answers what waits with an error. Nobody may be inside Infer() any more, or come.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Blocks until all items are answered. ResourceExhausted where too many wait already; an item's
  // own error is DeadlineExceeded where it waited too long.
  absl::StatusOr<ServedResults> Infer(const std::vector<ServedItem>& items);

  int waiting() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Request {
    ServedResults results;
    size_t unanswered = 0;
    CondVar answered;
  };
  struct Waiting {
    const ServedItem* item;
    Request* request;
    size_t index;
    Clock::time_point since;
  };

  void Work();
  // How many items of so many that wait a worker takes at a time.
  size_t ShareOf(size_t waiting) const;
  // Takes the next batch out of the queue, when there is one; empty where the batcher ends.
  std::vector<Waiting> NextBatch() VIV_REQUIRES(mutex_);
  void Answer(const Waiting& waiting, absl::StatusOr<Example> result, int batch_size)
      VIV_REQUIRES(mutex_);

  const BatcherOptions options_;
  const RunFn run_;
  const int workers_;
  mutable Mutex mutex_;
  CondVar arrived_;
  std::deque<Waiting> queue_ VIV_GUARDED_BY(mutex_);
  bool stopping_ VIV_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace viv

#endif  // VIV_CORE_SERVING_BATCHER_H_
