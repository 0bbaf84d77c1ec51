// Checkpoints on a disk that fails: after any error, any power cut and any damage to the files, the
// latest checkpoint that is found is one that was saved, whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/faulty_env.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

constexpr char kDirectory[] = "/runs/checkpoints";
constexpr PowerCut kPowerCuts[] = {PowerCut::kLosesAll, PowerCut::kLosesContents,
                                   PowerCut::kTearsContents};

// `value` tells savings of one step apart.
Checkpoint Example(int64_t step, float value = 0) {
  return {.step = step,
          .tensors = {{"w", Tensor::Of<float>({3}, {value, static_cast<float>(step), 3})},
                      {"count", Tensor::Scalar<int64_t>(step)}},
          .texts = {{"reader", "{\"position\": 7}"}},
          .conditions = {{"threads", "2"}}};
}

bool Equal(const Checkpoint& a, const Checkpoint& b) {
  if (a.step != b.step || a.texts != b.texts || a.conditions != b.conditions) return false;
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    if (!b.tensors.contains(name) || !tensor.Identical(b.tensors.at(name))) return false;
  }
  return true;
}

// A disk with the checkpoints 1 and 2, and a store that keeps two.
struct Disk {
  Disk() {
    for (const int step : {1, 2}) EXPECT_TRUE(store.Save(Example(step)).ok());
  }
  FaultyEnv env;
  CheckpointStore store{&env, kDirectory, /*keep=*/2};
};

// Saves `next` with the call after `skip` failing, or without failure where that is beyond the
// last; then calls `check` with the disk and whether saving went well. Every `skip` up to that.
template <typename Check>
void ForEveryCall(const Checkpoint& next, bool stays, Check check) {
  Disk whole;
  const int before = whole.env.calls();
  ASSERT_TRUE(whole.store.Save(next).ok());
  const int calls = whole.env.calls() - before;
  EXPECT_GT(calls, 15);
  for (int skip = 0; skip <= calls; ++skip) {
    SCOPED_TRACE(skip);
    Disk disk;
    disk.env.FailCall(skip, stays);
    const absl::Status status = disk.store.Save(next);
    EXPECT_TRUE(skip < calls || status.ok()) << status;
    disk.env.Heal();
    check(disk, status.ok());
  }
}

// The latest is `next` or, unless that is safe, the one before.
void ExpectLatest(const Disk& disk, const Checkpoint& next, bool safe) {
  const absl::StatusOr<Checkpoint> latest = disk.store.LoadLatest();
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_TRUE(Equal(*latest, next) || (!safe && Equal(*latest, Example(2)))) << latest->step;
}

// Nothing of what went wrong stays behind.
void ExpectSavesAgain(Disk& disk) {
  const Checkpoint later = Example(4);
  ASSERT_TRUE(disk.store.Save(later).ok());
  ExpectLatest(disk, later, /*safe=*/true);
  EXPECT_EQ(disk.env.ListDir(kDirectory)->size(), 2u);
  EXPECT_EQ(disk.store.Steps()->size(), 2u);
}

class CheckpointFaults : public testing::TestWithParam<int> {
 protected:
  // A new step, and a step that there is already.
  const Checkpoint next_ = Example(GetParam(), 5);
};
INSTANTIATE_TEST_SUITE_P(Step, CheckpointFaults, testing::Values(2, 3));

TEST_P(CheckpointFaults, AnErrorOfAnyCallLosesNothing) {
  ForEveryCall(next_, /*stays=*/false, [&](Disk& disk, bool saved) {
    ExpectLatest(disk, next_, saved);
    ExpectSavesAgain(disk);
  });
}

TEST_P(CheckpointFaults, AKilledProcessLosesNothing) {
  ForEveryCall(next_, /*stays=*/true, [&](Disk& disk, bool saved) {
    ExpectLatest(disk, next_, saved);
    ExpectSavesAgain(disk);
  });
}

TEST_P(CheckpointFaults, APowerCutLosesNothing) {
  for (const PowerCut what : kPowerCuts) {
    ForEveryCall(next_, /*stays=*/true, [&](Disk& disk, bool saved) {
      disk.env.CutPower(what);
      ExpectLatest(disk, next_, saved);
      ExpectSavesAgain(disk);
    });
  }
}

TEST_P(CheckpointFaults, AFullDiskLosesNothing) {
  Disk whole;
  const auto size = [](const FaultyEnv& env) {
    int64_t bytes = 0;
    for (const auto& [path, contents] : env.Files()) bytes += contents.size();
    return bytes;
  };
  const auto before = whole.env.Files();
  const int64_t used = size(whole.env);
  for (int64_t room = 0; room < used; room += 7) {
    whole.env.SetCapacity(used + room);
    const absl::Status status = whole.store.Save(next_);
    if (status.ok()) {
      EXPECT_GT(room, used / 3);  // it needs about half of what two take
      break;
    }
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("was not saved"));
    EXPECT_EQ(whole.env.Files(), before);
  }
  ExpectLatest(whole, next_, /*safe=*/true);
}

// Damage of the files of checkpoint 2, given as a change of contents.
class CheckpointDamage : public testing::TestWithParam<const char*> {
 protected:
  CheckpointDamage()
      : path_(JoinPath(disk_.store.PathOf(2), GetParam())), good_(*disk_.env.ReadFile(path_)) {}

  // Either the damage is noticed, and checkpoint 1 found instead, or it changes nothing.
  void ExpectHarmless(const std::string& damaged) {
    ASSERT_TRUE(WriteFileAtomically(&disk_.env, path_, damaged).ok());
    const absl::StatusOr<Checkpoint> loaded = disk_.store.Load(2);
    const absl::StatusOr<Checkpoint> latest = disk_.store.LoadLatest();
    ASSERT_TRUE(latest.ok()) << latest.status();
    if (loaded.ok()) {
      EXPECT_TRUE(Equal(*loaded, Example(2)));
    } else {
      EXPECT_TRUE(Equal(*latest, Example(1)));
    }
    noticed_ += !loaded.ok();
  }

  Disk disk_;
  const std::string path_, good_;
  int noticed_ = 0;
};
INSTANTIATE_TEST_SUITE_P(File, CheckpointDamage,
                         testing::Values("manifest.json", "tensors.safetensors"),
                         [](const auto& info) { return std::string(info.param).substr(0, 7); });

TEST_P(CheckpointDamage, OfEveryBit) {
  for (size_t i = 0; i < good_.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = good_;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      SCOPED_TRACE(damaged);
      ExpectHarmless(damaged);
    }
  }
  // White space of the manifest may change.
  EXPECT_GE(noticed_, 8 * static_cast<int>(good_.size()) * 4 / 5);
}

TEST_P(CheckpointDamage, OfEveryLength) {
  for (size_t size = 0; size < good_.size(); ++size) ExpectHarmless(good_.substr(0, size));
  EXPECT_EQ(noticed_, static_cast<int>(good_.size()));
  ExpectHarmless(good_ + good_);
  EXPECT_EQ(noticed_, static_cast<int>(good_.size()) + 1);
}

TEST_P(CheckpointDamage, OfABlockOfZeros) {
  for (size_t i = 0; i < good_.size(); i += 16) {
    std::string damaged = good_;
    for (size_t k = i; k < std::min(i + 64, good_.size()); ++k) damaged[k] = '\0';
    ExpectHarmless(damaged);
  }
}

TEST_P(CheckpointDamage, OfAMissingFile) {
  ASSERT_TRUE(disk_.env.Remove(path_).ok());
  EXPECT_TRUE(absl::IsDataLoss(disk_.store.Load(2).status())) << disk_.store.Load(2).status();
  EXPECT_TRUE(Equal(*disk_.store.LoadLatest(), Example(1)));
  EXPECT_TRUE(absl::IsNotFound(disk_.store.Load(3).status()));
}

// Files that were not synced before the rename would be found torn; the fake shows that.
TEST(CheckpointDamageByPower, TornFilesOfBothCheckpointsAreDataLoss) {
  Disk disk;
  for (const int step : {1, 2}) {
    const std::string path = JoinPath(disk.store.PathOf(step), "tensors.safetensors");
    const std::string contents = *disk.env.ReadFile(path);
    auto file = *disk.env.NewWritableFile(path);
    ASSERT_TRUE(file->Append(contents).ok());
  }
  disk.env.CutPower(PowerCut::kTearsContents);
  EXPECT_TRUE(absl::IsDataLoss(disk.store.LoadLatest().status()));
}

}  // namespace
}  // namespace viv
