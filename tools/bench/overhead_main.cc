// What the executor costs: a random graph of 1,000 scalar additions, 8 of them independent at a
// time, with fed inputs, on one thread, without passes. Prints microseconds a node and heap
// allocations a run for runs with preallocated results.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "core/base/parallel.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/runtime/session.h"

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

void* operator new(size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace {

constexpr int kNodes = 1000;
constexpr int kWidth = 8;
constexpr int kRuns = 200;
constexpr int kRounds = 15;

absl::Status Measure() {
  viv::SetMaxThreads(1);
  viv::GraphBuilder b;
  std::vector<viv::Output> feeds, layer;
  std::vector<viv::Tensor> values;
  for (int i = 0; i < kWidth; ++i) {
    feeds.push_back(viv::Placeholder(b, viv::kFloat, {}));
    values.push_back(viv::Tensor::Scalar<float>(static_cast<float>(i)));
  }
  layer = feeds;
  std::mt19937 random(7);
  for (int i = 0; i < kNodes; i += kWidth) {
    std::vector<viv::Output> next;
    for (int j = 0; j < kWidth; ++j) {
      next.push_back(Add(b, layer[j], layer[random() % kWidth]));
    }
    layer = next;
  }
  auto session = viv::Session::Create(b, {.passes = viv::PassOptions::None()});
  if (!session.ok()) return session.status();
  auto prepared = session->Prepare(feeds, layer);
  if (!prepared.ok()) return prepared.status();
  std::vector<viv::Tensor> results(layer.size());
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = prepared->Run(values, absl::MakeSpan(results));
    if (!status.ok()) return status;
  }
  std::vector<double> rounds;
  const int64_t before = allocations;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int run = 0; run < kRuns; ++run) {
      const absl::Status status = prepared->Run(values, absl::MakeSpan(results));
      if (!status.ok()) return status;
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    rounds.push_back(took.count() / kRuns / kNodes);
  }
  const double per_run = static_cast<double>(allocations - before - 1) / (kRuns * kRounds);
  std::sort(rounds.begin(), rounds.end());
  std::printf(
      "overhead: %.3f us a node (median of %d rounds; best %.3f, worst %.3f), %.2f allocations a "
      "run\n",
      rounds[kRounds / 2], kRounds, rounds.front(), rounds.back(), per_run);
  return absl::OkStatus();
}

}  // namespace

int main() {
  const absl::Status status = Measure();
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}
