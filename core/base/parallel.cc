// Parallel loops over OpenMP, or over std::thread where ThreadSanitizer must see the threads.
#include "core/base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace viv {
namespace {

std::atomic<int> max_threads{0};
std::atomic<bool> token_taken{false};
thread_local bool serial = false;
thread_local int token_depth = 0;

void MakeSerial(bool now_serial) {
  serial = now_serial;
  omp_set_num_threads(now_serial ? 1 : MaxThreads());
}

// Part `i` of `parts` of [0, n).
void RunPart(int64_t n, int64_t parts, int64_t i, const RangeFn& body) {
  const int64_t begin = n * i / parts;
  const int64_t end = n * (i + 1) / parts;
  if (begin < end) body(begin, end);
}

}  // namespace

int MaxThreads() {
  int threads = max_threads.load(std::memory_order_relaxed);
  if (threads == 0) {
    threads = std::max(1, omp_get_num_procs());
    max_threads.store(threads, std::memory_order_relaxed);
  }
  return threads;
}

void SetMaxThreads(int threads) {
  max_threads.store(std::max(1, threads));
  if (!serial) omp_set_num_threads(MaxThreads());
}

void ParallelFor(int64_t n, int64_t grain, RangeFn body) {
  const int64_t parts = std::min<int64_t>(
      MaxThreads(), (n + std::max<int64_t>(grain, 1) - 1) / std::max<int64_t>(grain, 1));
  if (parts <= 1 || serial) {
    if (n > 0) body(0, n);
    return;
  }
#ifdef VIV_TSAN
  std::vector<std::thread> threads;
  for (int64_t i = 1; i < parts; ++i) {
    threads.emplace_back([&, i] {
      serial = true;
      RunPart(n, parts, i, body);
    });
  }
  serial = true;
  RunPart(n, parts, 0, body);
  serial = false;
  for (std::thread& thread : threads) thread.join();
#else
  if (omp_in_parallel()) return body(0, n);
#pragma omp parallel for schedule(static, 1) num_threads(static_cast <int>(parts))
  for (int64_t i = 0; i < parts; ++i) RunPart(n, parts, i, body);
#endif
}

SerialRegion::SerialRegion() : was_serial_(serial) {
  if (!was_serial_) MakeSerial(true);
}
SerialRegion::~SerialRegion() {
  if (!was_serial_) MakeSerial(false);
}

ParallelToken::ParallelToken() {
  if (token_depth++ > 0 || serial) return;
  acquired_ = !token_taken.exchange(true, std::memory_order_acquire);
  if (!acquired_) {
    made_serial_ = true;
    MakeSerial(true);
  }
}

ParallelToken::~ParallelToken() {
  --token_depth;
  if (acquired_) token_taken.store(false, std::memory_order_release);
  if (made_serial_) MakeSerial(false);
}

}  // namespace viv
