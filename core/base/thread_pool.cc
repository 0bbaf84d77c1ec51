// A pool that grows whenever no thread is idle.
#include "core/base/thread_pool.h"

#include <utility>

#include "core/base/guard.h"
#include "core/base/status.h"

namespace viv {

ThreadPool::~ThreadPool() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

absl::Status ThreadPool::Start(std::function<void()> task) {
  {
    MutexLock lock(mutex_);
    // An idle thread may have been woken for an earlier task already.
    if (static_cast<int>(tasks_.size()) >= idle_) {
      std::thread thread;
      RETURN_IF_ERROR(
          RunGuarded("cannot start a thread", [&] { thread = std::thread([this] { Work(); }); }));
      threads_.push_back(std::move(thread));
    }
    tasks_.push_back(std::move(task));
  }
  changed_.NotifyOne();
  return absl::OkStatus();
}

int ThreadPool::num_threads() const {
  MutexLock lock(mutex_);
  return static_cast<int>(threads_.size());
}

void ThreadPool::Work() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (tasks_.empty() && !stopping_) changed_.Wait(mutex_);
      --idle_;
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace viv
