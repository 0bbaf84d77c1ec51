// Loops over several cores. The process has one pool of computing threads, OpenMP's, because oneDNN
// uses it; this header is the only door to it.
#ifndef VIV_CORE_BASE_PARALLEL_H_
#define VIV_CORE_BASE_PARALLEL_H_

#include <cstdint>
#include <memory>
#include <type_traits>

namespace viv {

// A reference to a callable `void(int64_t begin, int64_t end)` that outlives the call.
class RangeFn {
 public:
  template <typename F, typename = std::enable_if_t<!std::is_same_v<std::decay_t<F>, RangeFn>>>
  RangeFn(F&& function)  // NOLINT: converts at the call
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_([](void* object, int64_t begin, int64_t end) {
          (*static_cast<std::remove_reference_t<F>*>(object))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(object_, begin, end); }

 private:
  void* object_;
  void (*call_)(void*, int64_t, int64_t);
};

// Calls `body` on consecutive parts of [0, n) that together cover it, on several threads where n
// exceeds `grain` (choose it worth about 20 us). The parts depend on n, grain and MaxThreads()
// only, so sums per part are reproducible. `body` must not throw. Runs inline in a serial region,
// inside another ParallelFor, and while another run holds the token.
void ParallelFor(int64_t n, int64_t grain, RangeFn body);

// Threads of parallel loops; oneDNN follows. Call SetMaxThreads before work begins.
int MaxThreads();
void SetMaxThreads(int threads);

// While it lives, the calling thread's loops (and oneDNN calls) use one thread.
class SerialRegion {
 public:
  SerialRegion();
  ~SerialRegion();
  SerialRegion(const SerialRegion&) = delete;
  SerialRegion& operator=(const SerialRegion&) = delete;

 private:
  bool was_serial_;
};

// Of several runs at a time, one may open parallel regions: the others compute on one thread each.
// Held for the length of a run; nested runs of one thread share it.
class ParallelToken {
 public:
  ParallelToken();
  ~ParallelToken();
  ParallelToken(const ParallelToken&) = delete;
  ParallelToken& operator=(const ParallelToken&) = delete;

 private:
  bool acquired_ = false;
  bool made_serial_ = false;
};

}  // namespace viv

#endif  // VIV_CORE_BASE_PARALLEL_H_
