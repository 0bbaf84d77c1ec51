// A process that is killed (SIGKILL) at random moments while it saves loses nothing: what is found
// afterwards is whole. VIV_KILLS sets how often.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/checkpoint/checkpoint.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

constexpr int kElements = 100000;

// Element i of checkpoint `step` is step + i: one that mixes two savings shows.
Tensor Values(int64_t step) {
  Tensor tensor = *Tensor::Make(kInt64, {kElements});
  for (int64_t i = 0; i < kElements; ++i) tensor.mutable_data<int64_t>()[i] = step + i;
  return tensor;
}

// Saves one after the other, from `step` on, until it is killed.
[[noreturn]] void SaveForever(const std::string& directory, int64_t step) {
  CheckpointStore store(Env::Default(), directory, /*keep=*/2);
  for (;; ++step) {
    if (!store.Save({.step = step, .tensors = {{"values", Values(step)}}}).ok()) _exit(1);
  }
}

TEST(CheckpointKill, WhatIsFoundIsWhole) {
  const char* setting = std::getenv("VIV_KILLS");
  const int kills = setting == nullptr ? 20 : std::atoi(setting);
  const std::string directory = JoinPath(testing::TempDir(), absl::StrCat("viv_kill_", getpid()));
  RandomStream random(5);
  int64_t latest = 0;
  int found = 0;
  size_t before = 0;
  // Microseconds, and longer where saving takes longer.
  uint64_t longest_wait = 60000;
  for (int i = 0; i < kills; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) SaveForever(directory, latest + 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(longest_wait)));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "saving failed by itself";
    const CheckpointStore store(Env::Default(), directory, 2);
    const absl::StatusOr<std::vector<int64_t>> steps = store.Steps();
    ASSERT_TRUE(steps.ok()) << steps.status();
    if (steps->empty()) longest_wait *= 2;
    // One more than are kept, or than there were, where it was killed before it removed the oldest.
    ASSERT_LE(steps->size(), std::max<size_t>(2, before) + 1);
    before = steps->size();
    for (const int64_t step : *steps) {
      const absl::StatusOr<Checkpoint> loaded = store.Load(step);
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      EXPECT_TRUE(loaded->tensors.at("values").Identical(Values(step)));
      ASSERT_GE(step, std::max<int64_t>(1, latest - 2));
      latest = std::max(latest, step);
      ++found;
    }
  }
  EXPECT_GT(found, kills / 2);
  EXPECT_TRUE(Env::Default()->Remove(directory).ok());
}

}  // namespace
}  // namespace viv
