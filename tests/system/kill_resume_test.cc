// A training run that is killed (SIGKILL) again and again at random moments ends with the bits of
// one that was left alone. VIV_KILLS sets how often, VIV_SEED the moments, VIV_THREADS how many
// threads compute (on a busy machine, threads that wait for each other take long).
#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "gmock/gmock.h"
#include "tests/support/run_program.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

constexpr int kUpdates = 60;

int Setting(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  int value = otherwise;
  EXPECT_TRUE(text == nullptr || absl::SimpleAtoi(text, &value)) << name;
  return value;
}

// Sentences of random words, each of which has one translation.
void WriteTexts(const std::string& source, const std::string& target) {
  RandomStream random(3);
  std::string english, french;
  for (int i = 0; i < 300; ++i) {
    for (uint64_t word = 3 + random.Below(8); word > 0; --word) {
      const uint64_t which = random.Below(60);
      absl::StrAppend(&english, "w", which, " ");
      absl::StrAppend(&french, "m", 59 - which, " ");
    }
    english += ".\n";
    french += ".\n";
  }
  ASSERT_TRUE(WriteFileAtomically(Env::Default(), source, english).ok());
  ASSERT_TRUE(WriteFileAtomically(Env::Default(), target, french).ok());
}

// The flags of a small net of each kind.
struct NetFlags {
  const char* name;
  int kills;
  std::vector<std::string> flags;
};

class KillResumeTest : public TokenizerTest, public testing::WithParamInterface<NetFlags> {
 protected:
  KillResumeTest() {
    EXPECT_TRUE(env_->Remove(directory_).ok());
    EXPECT_TRUE(env_->CreateDirs(directory_).ok());
    WriteTexts(directory_ + "/x.en", directory_ + "/x.fr");
  }
  ~KillResumeTest() override {
    if (!HasFailure()) env_->Remove(directory_).IgnoreError();
  }

  // A net with dropout, in bfloat16, on shuffled batches that several threads make, with
  // many checkpoints and some scores.
  std::vector<std::string> Flags(const std::string& run) const {
    const std::string texts = absl::StrCat(directory_, "/x.en,", directory_, "/x.fr");
    std::vector<std::string> flags = GetParam().flags;
    flags.insert(flags.end(), {"--train=" + texts, "--validation=" + texts,
                               absl::StrCat("--run=", directory_, "/", run), "--vocabulary=300",
                               "--embed=32", "--batch=16", "--precision=bf16", "--dropout=0.3",
                               absl::StrCat("--updates=", kUpdates),
                               absl::StrCat("--threads=", Setting("VIV_THREADS", 1)),
                               "--score_every=20", "--checkpoint_every=3"});
    return flags;
  }

  // The files of the last and the best checkpoint of a run, by name: variables, those of the
  // optimizer among them, the reader's position, the best score.
  std::map<std::string, std::string> Results(const std::string& run) const {
    std::map<std::string, std::string> results;
    for (const std::string folder : {"checkpoints", "best"}) {
      const std::string path = absl::StrCat(directory_, "/", run, "/", folder);
      const std::vector<std::string> steps = *env_->ListDir(path);
      EXPECT_FALSE(steps.empty());
      for (const std::string file : {"tensors.safetensors", "manifest.json"}) {
        const std::string last = absl::StrCat(steps.back(), "/", file);
        const absl::StatusOr<std::string> contents = env_->ReadFile(JoinPath(path, last));
        EXPECT_TRUE(contents.ok()) << contents.status();
        results[absl::StrCat(folder, "/", last)] = contents.value_or("");
      }
    }
    return results;
  }

  Env* const env_ = Env::Default();
  const std::string directory_ =
      JoinPath(testing::TempDir(), absl::StrCat("viv_kill_resume_", GetParam().name));
};

TEST_P(KillResumeTest, EndsWithTheBitsOfARunThatWasLeftAlone) {
  const auto begin = std::chrono::steady_clock::now();
  const ProgramResult whole = RunProgram("translate_train", Flags("whole"));
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const std::chrono::duration<double> whole_time = std::chrono::steady_clock::now() - begin;

  const int kills = Setting("VIV_KILLS", GetParam().kills), seed = Setting("VIV_SEED", 1);
  RandomStream random(static_cast<uint64_t>(seed));
  int killed = 0, finished = 0;
  const auto expected = Results("whole");
  const auto expect_equal = [&] {
    const auto results = Results("killed");
    for (const auto& [name, contents] : expected) {
      ASSERT_TRUE(results.contains(name)) << name;
      EXPECT_TRUE(results.at(name) == contents) << name << " differs, seed " << seed;
    }
    EXPECT_EQ(results.size(), expected.size());
  };
  // A run that ended before its moment is judged, and another one begun.
  while (killed < kills) {
    const double moment = whole_time.count() * random.Uniform() * 0.8;
    const int exit_code = RunAndKill("translate_train", Flags("killed"), moment);
    if (exit_code == -1) {
      ++killed;
      continue;
    }
    ASSERT_EQ(exit_code, 0);
    expect_equal();
    ASSERT_LT(++finished, kills + 10) << "the runs end before they can be killed";
    ASSERT_TRUE(env_->Remove(directory_ + "/killed").ok());
  }
  const ProgramResult last = RunProgram("translate_train", Flags("killed"));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  expect_equal();
}

INSTANTIATE_TEST_SUITE_P(
    Nets, KillResumeTest,
    testing::Values(NetFlags{"lstm", 5, {"--hidden=32", "--encoder_hidden=16"}},
                    NetFlags{"transformer",
                             2,
                             {"--net=transformer", "--heads=2", "--feed_forward=48",
                              "--encoder_layers=1", "--decoder_layers=2", "--batch_tokens=200",
                              "--decay=inverse_sqrt", "--warm_up=10"}}),
    [](const auto& net) { return std::string(net.param.name); });

}  // namespace
}  // namespace viv
