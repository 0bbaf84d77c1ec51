// Threads for work that waits (for tensors of other devices, for the network). Computation has
// threads of its own: see parallel.h.
#ifndef VIV_CORE_BASE_THREAD_POOL_H_
#define VIV_CORE_BASE_THREAD_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/base/thread_annotations.h"

namespace viv {

// Runs each task on a thread that runs nothing else meanwhile: tasks may wait for each other. There
// are as many threads as there have been tasks at a time. Safe for concurrent use.
class ThreadPool {
 public:
  ThreadPool() = default;
  // Waits for the tasks.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Starts `task`, which must not throw, and returns. An error where the system gives no further
  // thread: then the task is dropped.
  absl::Status Start(std::function<void()> task);
  int num_threads() const;

 private:
  void Work();

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ VIV_GUARDED_BY(mutex_);
  int idle_ VIV_GUARDED_BY(mutex_) = 0;
  bool stopping_ VIV_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_BASE_THREAD_POOL_H_
