// Of several workers each takes a quarter of its share of what waits: nobody waits for a large
// batch to end while the queue is short, and items cost less together when it is long.
#include "core/serving/batcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace viv {

Batcher::Batcher(const BatcherOptions& options, RunFn run)
    : options_(options), run_(std::move(run)), workers_(std::max(options.workers, 1)) {
  for (int i = 0; i < workers_; ++i) threads_.emplace_back([this] { Work(); });
}

Batcher::~Batcher() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    arrived_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
  MutexLock lock(mutex_);
  for (const Waiting& waiting : queue_) {
    Answer(waiting, absl::UnavailableError("the server is shutting down"), 0);
  }
  queue_.clear();
}

int Batcher::waiting() const {
  MutexLock lock(mutex_);
  return static_cast<int>(queue_.size());
}

absl::StatusOr<ServedResults> Batcher::Infer(const std::vector<ServedItem>& items) {
  Request request;
  request.results.items.resize(items.size(), absl::UnknownError(""));
  request.unanswered = items.size();
  MutexLock lock(mutex_);
  // A request that alone is too large is for an empty queue.
  if (!queue_.empty() && queue_.size() + items.size() > static_cast<size_t>(options_.max_waiting)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the server is busy: ", queue_.size(), " items wait already"));
  }
  const Clock::time_point now = Clock::now();
  for (size_t i = 0; i < items.size(); ++i) queue_.push_back({&items[i], &request, i, now});
  arrived_.NotifyOne();
  while (request.unanswered > 0) request.answered.Wait(mutex_);
  return std::move(request.results);
}

void Batcher::Answer(const Waiting& waiting, absl::StatusOr<Example> result, int batch_size) {
  Request& request = *waiting.request;
  request.results.items[waiting.index] = std::move(result);
  request.results.batch_size = std::max(request.results.batch_size, batch_size);
  if (--request.unanswered == 0) request.answered.NotifyOne();
}

size_t Batcher::ShareOf(size_t waiting) const {
  const size_t takers = workers_ == 1 ? 1 : 4 * static_cast<size_t>(workers_);
  const size_t share = (waiting + takers - 1) / takers;
  return std::min(share, static_cast<size_t>(options_.max_batch));
}

std::vector<Batcher::Waiting> Batcher::NextBatch() {
  while (queue_.empty() && !stopping_) arrived_.Wait(mutex_);
  std::vector<Waiting> batch;
  if (stopping_) return batch;
  const auto& parameters = queue_.front().item->parameters;
  const size_t most = ShareOf(queue_.size());
  std::deque<Waiting> others;
  while (!queue_.empty() && batch.size() < most) {
    const bool fits = queue_.front().item->parameters == parameters;
    if (fits) {
      batch.push_back(queue_.front());
    } else {
      others.push_back(queue_.front());
    }
    queue_.pop_front();
  }
  // They go back to where they stood: before all that came later.
  queue_.insert(queue_.begin(), others.begin(), others.end());
  if (!queue_.empty()) arrived_.NotifyOne();
  return batch;
}

void Batcher::Work() {
  MutexLock lock(mutex_);
  while (true) {
    std::vector<Waiting> batch = NextBatch();
    if (batch.empty()) break;
    const Clock::time_point latest = Clock::now() - std::chrono::seconds(options_.max_wait_seconds);
    std::vector<Waiting> in_time;
    std::vector<const ServedItem*> items;
    for (const Waiting& waiting : batch) {
      if (waiting.since < latest) {
        Answer(waiting, absl::DeadlineExceededError("the request waited too long"), 0);
        continue;
      }
      in_time.push_back(waiting);
      items.push_back(waiting.item);
    }
    if (items.empty()) continue;
    mutex_.Unlock();
    std::vector<absl::StatusOr<Example>> results = run_(items);
    mutex_.Lock();
    for (size_t i = 0; i < in_time.size(); ++i) {
      Answer(in_time[i], std::move(results[i]), static_cast<int>(items.size()));
    }
  }
}

}  // namespace viv
