// A pool that grows whenever no thread is idle.
#include "core/base/thread_pool.h"

#include <utility>

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

void ThreadPool::Start(std::function<void()> task) {
  {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    // An idle thread may have been woken for an earlier task already.
    if (static_cast<int>(tasks_.size()) > idle_) threads_.emplace_back([this] { Work(); });
  }
  changed_.NotifyOne();
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
