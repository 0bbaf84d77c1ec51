// What runs together, what is refused, and that nobody is forgotten.
#include "core/serving/batcher.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/thread_annotations.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

ServedItem Item(int value, const std::string& beam = "") {
  ServedItem item{.inputs = {Tensor::Scalar(static_cast<int32_t>(value))}};
  if (!beam.empty()) item.parameters["beam"] = beam;
  return item;
}
int ValueOf(const absl::StatusOr<Example>& result) { return (*result)[0].scalar<int32_t>(); }

// Answers each number with its double; a batch waits while the gate is shut.
class Doubler {
 public:
  std::vector<absl::StatusOr<Example>> operator()(absl::Span<const ServedItem* const> batch) {
    MutexLock lock(mutex_);
    sizes_.push_back(static_cast<int>(batch.size()));
    changed_.NotifyAll();
    while (shut_) changed_.Wait(mutex_);
    std::vector<absl::StatusOr<Example>> answers;
    for (const ServedItem* item : batch) {
      EXPECT_EQ(item->parameters, batch[0]->parameters);
      answers.emplace_back(Example{Tensor::Scalar(2 * item->inputs[0].scalar<int32_t>())});
    }
    return answers;
  }
  void SetShut(bool shut) {
    MutexLock lock(mutex_);
    shut_ = shut;
    changed_.NotifyAll();
  }
  // Waits until as many batches have begun.
  std::vector<int> WaitForBatches(size_t count) {
    MutexLock lock(mutex_);
    while (sizes_.size() < count) changed_.Wait(mutex_);
    return sizes_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool shut_ VIV_GUARDED_BY(mutex_) = false;
  std::vector<int> sizes_ VIV_GUARDED_BY(mutex_);
};

// Until `count` items wait.
void WaitForQueue(const Batcher& batcher, int count) {
  while (batcher.waiting() < count) std::this_thread::yield();
}

TEST(Batcher, AnswersEachItemInOrder) {
  Doubler doubler;
  Batcher batcher({}, std::ref(doubler));
  const auto results = batcher.Infer({Item(1), Item(2), Item(3)});
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(results->items.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ValueOf(results->items[i]), 2 * (i + 1));
  EXPECT_EQ(results->batch_size, 3);
  EXPECT_TRUE(batcher.Infer({})->items.empty());
}

TEST(Batcher, WhatArrivesWhileABatchRunsFormsTheNext) {
  Doubler doubler;
  doubler.SetShut(true);
  Batcher batcher({.max_batch = 4}, std::ref(doubler));
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  const auto ask = [&](int value) {
    const auto results = batcher.Infer({Item(value)});
    if (results.ok() && ValueOf(results->items[0]) == 2 * value) ++right;
  };
  clients.emplace_back(ask, 0);
  doubler.WaitForBatches(1);
  for (int i = 1; i <= 6; ++i) clients.emplace_back(ask, i);
  WaitForQueue(batcher, 6);
  doubler.SetShut(false);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 7);
  EXPECT_EQ(doubler.WaitForBatches(3), (std::vector<int>{1, 4, 2}));
}

TEST(Batcher, WorkersRunAtATimeAndTakeSmallSharesOfWhatWaits) {
  Doubler doubler;
  doubler.SetShut(true);
  Batcher batcher({.max_batch = 2, .workers = 2}, std::ref(doubler));
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  const auto ask = [&](int value) {
    const auto results = batcher.Infer({Item(value)});
    if (results.ok() && ValueOf(results->items[0]) == 2 * value) ++right;
  };
  for (size_t i = 0; i < 2; ++i) {
    clients.emplace_back(ask, i);
    doubler.WaitForBatches(i + 1);
  }
  for (int i = 2; i < 20; ++i) clients.emplace_back(ask, i);
  WaitForQueue(batcher, 18);
  doubler.SetShut(false);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 20);
  // Of 18, 16, 14, 12 and 10 that wait two (of 18 three, but for the limit), of fewer than nine
  // one.
  std::vector<int> sizes = doubler.WaitForBatches(15);
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<int>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2}));
}

TEST(Batcher, ItemsOfOtherParametersRunApartAndKeepTheirTurn) {
  Doubler doubler;
  doubler.SetShut(true);
  Batcher batcher({}, std::ref(doubler));
  std::thread first([&] { ASSERT_TRUE(batcher.Infer({Item(0)}).ok()); });
  doubler.WaitForBatches(1);
  std::thread mixed([&] {
    const auto results =
        batcher.Infer({Item(1, "5"), Item(2, "1"), Item(3, "5"), Item(4, "1"), Item(5, "5")});
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ValueOf(results->items[i]), 2 * (i + 1));
    EXPECT_EQ(results->batch_size, 3);
  });
  WaitForQueue(batcher, 5);
  doubler.SetShut(false);
  first.join();
  mixed.join();
  EXPECT_EQ(doubler.WaitForBatches(3), (std::vector<int>{1, 3, 2}));
}

TEST(Batcher, RefusesWhatWouldWaitTooLong) {
  Doubler doubler;
  doubler.SetShut(true);
  Batcher batcher({.max_batch = 1, .max_waiting = 2, .max_wait_seconds = 1}, std::ref(doubler));
  std::thread first([&] { EXPECT_TRUE(batcher.Infer({Item(0)}).ok()); });
  doubler.WaitForBatches(1);
  std::thread second([&] {
    const auto results = batcher.Infer({Item(1), Item(2)});
    ASSERT_TRUE(results.ok());
    for (const auto& item : results->items) {
      EXPECT_EQ(item.status().code(), absl::StatusCode::kDeadlineExceeded);
    }
  });
  WaitForQueue(batcher, 2);
  const auto refused = batcher.Infer({Item(3)});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("2 items wait"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  doubler.SetShut(false);
  first.join();
  second.join();
}

class BatcherWorkersTest : public testing::TestWithParam<int> {};

TEST_P(BatcherWorkersTest, ManyClientsGetTheirOwnAnswers) {
  Doubler doubler;
  Batcher batcher({.max_batch = 8, .workers = GetParam()}, std::ref(doubler));
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int c = 0; c < 16; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 100; ++i) {
        const auto results = batcher.Infer({Item(c * 1000 + i), Item(c)});
        if (ValueOf(results->items[0]) == 2 * (c * 1000 + i) &&
            ValueOf(results->items[1]) == 2 * c) {
          ++right;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 1600);
}

INSTANTIATE_TEST_SUITE_P(Workers, BatcherWorkersTest, testing::Values(1, 2, 5));

}  // namespace
}  // namespace viv
