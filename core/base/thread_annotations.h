// Mutexes that clang's -Wthread-safety understands.
#ifndef VIV_CORE_BASE_THREAD_ANNOTATIONS_H_
#define VIV_CORE_BASE_THREAD_ANNOTATIONS_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define VIV_THREAD_ANNOTATION_(x) __attribute__((x))
#else
#define VIV_THREAD_ANNOTATION_(x)
#endif

#define VIV_CAPABILITY(x) VIV_THREAD_ANNOTATION_(capability(x))
#define VIV_SCOPED_CAPABILITY VIV_THREAD_ANNOTATION_(scoped_lockable)
#define VIV_GUARDED_BY(x) VIV_THREAD_ANNOTATION_(guarded_by(x))
#define VIV_REQUIRES(...) VIV_THREAD_ANNOTATION_(requires_capability(__VA_ARGS__))
#define VIV_ACQUIRE(...) VIV_THREAD_ANNOTATION_(acquire_capability(__VA_ARGS__))
#define VIV_RELEASE(...) VIV_THREAD_ANNOTATION_(release_capability(__VA_ARGS__))
#define VIV_NO_THREAD_SAFETY_ANALYSIS VIV_THREAD_ANNOTATION_(no_thread_safety_analysis)

namespace viv {

class VIV_CAPABILITY("mutex") Mutex {
 public:
  void Lock() VIV_ACQUIRE() { mutex_.lock(); }
  void Unlock() VIV_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class VIV_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) VIV_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() VIV_RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  // Unlocks while it waits. Wakes without cause too: test the condition in a loop.
  void Wait(Mutex& mutex) VIV_REQUIRES(mutex) VIV_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Also wakes after this time.
  void WaitFor(Mutex& mutex, std::chrono::nanoseconds time)
      VIV_REQUIRES(mutex) VIV_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(lock, time);
    lock.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace viv

#endif  // VIV_CORE_BASE_THREAD_ANNOTATIONS_H_
