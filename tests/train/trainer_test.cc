// Optimizers against their formulas, schedules against numbers, and the training loop: resumption
// to the bit, early stopping, the best checkpoints, curves, Ctrl-C, settings that differ.
#include "core/train/trainer.h"

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <map>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "core/data/tfrecord.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

// v of loss = 0.5 v^2 (so that the gradient is v) after `updates` steps from v = 1.
template <typename Optimizer>
std::vector<float> Trajectory(const Optimizer& optimizer, int updates) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  const Output step = optimizer.Minimize(b, Mul(b, Square(b, v.Read()), Const(b, 0.5f)));
  absl::StatusOr<Session> session = Session::Create(b);
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE(session->Initialize().ok());
  std::vector<float> values;
  for (int i = 0; i < updates; ++i) {
    EXPECT_TRUE(session->Run({}, {step}).ok());
    values.push_back((*session->Run({}, {v.Read()}))[0].template scalar<float>());
  }
  return values;
}

auto Near(float x) { return FloatNear(x, 1e-5f); }

TEST(Optimizers, FollowTheirFormulas) {
  EXPECT_THAT(Trajectory(Sgd{.learning_rate = 0.1f}, 2), ElementsAre(Near(0.9f), Near(0.81f)));
  // u = 1; v = .9; u = .5 + .9 = 1.4; v = .76
  EXPECT_THAT(Trajectory(Sgd{.learning_rate = 0.1f, .momentum = 0.5f}, 2),
              ElementsAre(Near(0.9f), Near(0.76f)));
  // u = 1, step 1 + .5; v = .85; u = .5 + .85 = 1.35; step .85 + .675
  EXPECT_THAT(Trajectory(Sgd{.learning_rate = 0.1f, .momentum = 0.5f, .nesterov = true}, 2),
              ElementsAre(Near(0.85f), Near(0.6975f)));
  // s = 1; v = .9; s = 1.81; v = .9 - .09 / sqrt(1.81)
  EXPECT_THAT(Trajectory(Adagrad{.learning_rate = 0.1f}, 2),
              ElementsAre(Near(0.9f), Near(0.9f - 0.09f / std::sqrt(1.81f))));
  const float v1 = 1 - 0.1f / std::sqrt(0.1f);
  EXPECT_THAT(Trajectory(RmsProp{.learning_rate = 0.1f}, 2),
              ElementsAre(Near(v1), Near(v1 - 0.1f * v1 / std::sqrt(0.09f + 0.1f * v1 * v1))));
  EXPECT_THAT(Trajectory(Adam{.learning_rate = 0.1f}, 1), ElementsAre(Near(0.9f)));
  EXPECT_THAT(Trajectory(Adam{.learning_rate = 0.1f, .weight_decay = 0.5f}, 1),
              ElementsAre(Near(0.85f)));
}

TEST(Optimizers, ClipByTheNormOfAllGradients) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, Tensor::Of<float>({2}, {0, 0})));
  const Variable w(b, "w", Const(b, 0.0f));
  const Output target = Const(b, Tensor::Of<float>({2}, {2, 6}));
  const Output loss = Add(b, Sum(b, Mul(b, v.Read(), target)), Mul(b, w.Read(), Const(b, 3.0f)));
  const OptimizerStep step =
      Sgd{.learning_rate = 1.0f, .options = {.clip_norm = 0.7f}}.Step(b, loss);
  absl::StatusOr<Session> session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  const auto results = session->Run({}, {step.gradient_norm, step.update});
  EXPECT_FLOAT_EQ((*results)[0].scalar<float>(), 7);
  EXPECT_THAT((*session->Run({}, {v.Read()}))[0].flat<float>(),
              ElementsAre(Near(-0.2f), Near(-0.6f)));
  EXPECT_NEAR((*session->Run({}, {w.Read()}))[0].scalar<float>(), -0.3f, 1e-5);
}

TEST(Schedules, RiseAndFall) {
  const auto rate = [](const Schedule& schedule, float update) {
    GraphBuilder b;
    const Output rate = schedule.Build(b, Const(b, update));
    absl::StatusOr<Session> session = Session::Create(b);
    EXPECT_TRUE(session.ok()) << session.status();
    return (*session->Run({}, {rate}))[0].scalar<float>();
  };
  EXPECT_FLOAT_EQ(rate(0.5f, 9), 0.5f);
  const Schedule halve = Schedule(1.0f).WarmUp(10).HalveEvery(100, 200);
  EXPECT_FLOAT_EQ(rate(halve, 5), 0.5f);
  EXPECT_FLOAT_EQ(rate(halve, 200), 1);
  EXPECT_FLOAT_EQ(rate(halve, 400), 0.25f);
  const Schedule line = Schedule(2.0f).FallToZero(100, 300);
  EXPECT_FLOAT_EQ(rate(line, 200), 1);
  EXPECT_FLOAT_EQ(rate(line, 1000), 0);
  EXPECT_FLOAT_EQ(rate(Schedule(1.0f).InverseSqrt(100), 400), 0.5f);
}

// A net with dropout on a shuffled stream: whatever may differ after a resumption would.
struct SmallRun {
  explicit SmallRun(const std::string& directory, int accumulate = 1) {
    x = Placeholder(b, kFloat, {-1, 3});
    const Variable w(b, "w", RandomNormal(b, {3, 4}));
    const Variable v(b, "v", RandomNormal(b, {4, 1}));
    const Output hidden = Dropout(b, Tanh(b, MatMul(b, x, w.Read())), 0.5f);
    task.feeds = {x};
    task.loss = Mean(b, Square(b, MatMul(b, hidden, v.Read())));
    task.accumulate = accumulate;
    task.step =
        Adam{.learning_rate = 0.01f, .options = {.accumulate = accumulate}}.Step(b, task.loss);
    task.score_name = "nothing";
    task.score = [this](Session&) -> absl::StatusOr<double> { return score--; };
    options.directory = directory;
    options.checkpoint_every = 7;
  }
  absl::StatusOr<TrainingResult> Run(int64_t updates) {
    options.updates = updates;
    absl::StatusOr<Session> session = Session::Create(b, {.seed = 5});
    RETURN_IF_ERROR(session.status());
    std::vector<Example> examples;
    for (int i = 0; i < 50; ++i) {
      const float f = static_cast<float>(i);
      examples.push_back({Tensor::Of<float>({3}, {f, f / 2, 1})});
    }
    const Dataset data =
        Dataset::FromVector("numbers", examples).Shuffle(3).Repeat().Batch(4).Prefetch(2);
    absl::StatusOr<TrainingResult> result = Train(*session, b.graph(), task, data, options);
    values = session->VariableValues();
    return result;
  }

  GraphBuilder b;
  Output x;
  TrainingTask task;
  TrainerOptions options;
  NamedTensors values;
  double score = 0;
};

class TrainerTest : public testing::Test {
 protected:
  std::string Directory(const std::string& name) {
    const std::string path = JoinPath(testing::TempDir(), "viv_trainer_" + name);
    EXPECT_TRUE(Env::Default()->Remove(path).ok());
    return path;
  }
};

TEST_F(TrainerTest, AResumedRunHasTheBitsOfAnUninterruptedOne) {
  for (const int accumulate : {1, 3}) {
    SmallRun whole("", accumulate);
    ASSERT_TRUE(whole.Run(40).ok());
    const std::string directory = Directory("resume");
    for (const int64_t updates : {11, 25, 40}) {
      SmallRun part(directory, accumulate);
      const absl::StatusOr<TrainingResult> result = part.Run(updates);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->updates, updates);
      if (updates < 40) continue;
      ASSERT_EQ(part.values.size(), whole.values.size());
      for (const auto& [name, value] : whole.values) {
        EXPECT_TRUE(part.values.at(name).Identical(value)) << name;
      }
    }
  }
}

TEST_F(TrainerTest, WritesATraceOfOneUpdate) {
  const std::string directory = Directory("trace");
  ASSERT_TRUE(Env::Default()->CreateDirs(directory).ok());
  SmallRun run("", /*accumulate=*/2);
  run.options.trace = JoinPath(directory, "trace.json");
  ASSERT_TRUE(run.Run(2).ok());
  EXPECT_FALSE(Env::Default()->FileExists(run.options.trace)) << "written too early";
  ASSERT_TRUE(run.Run(5).ok());
  const absl::StatusOr<std::string> text = Env::Default()->ReadFile(run.options.trace);
  ASSERT_TRUE(text.ok()) << text.status();
  const nlohmann::json trace = nlohmann::json::parse(*text);
  int adam = 0;
  for (const auto& event : trace.at("traceEvents")) adam += event.at("name") == "ApplyAdam";
  EXPECT_EQ(adam, 2) << "one for each variable";
  run.options.trace = JoinPath(directory, "missing/trace.json");
  EXPECT_FALSE(run.Run(5).ok());
}

TEST_F(TrainerTest, StopsEarlyAndKeepsTheBest) {
  const std::string directory = Directory("early");
  SmallRun run(directory);
  run.options.score_every = 5;
  run.options.patience = 3;
  const absl::StatusOr<TrainingResult> result = run.Run(1000);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->stopped_early);
  EXPECT_EQ(result->updates, 20);  // the first score was the best
  EXPECT_EQ(result->best_update, 5);
  CheckpointStore best(Env::Default(), JoinPath(directory, "best"));
  EXPECT_THAT(*best.Steps(), ElementsAre(5));
  // Who has stopped does not go on when called again.
  SmallRun again(directory);
  again.options.score_every = 5;
  again.options.patience = 3;
  const absl::StatusOr<TrainingResult> same = again.Run(1000);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->stopped_early);
  EXPECT_EQ(same->updates, 20);
}

TEST_F(TrainerTest, KeepsTheBestCheckpointsByScore) {
  const std::string directory = Directory("best");
  SmallRun run(directory);
  run.options.score_every = 5;
  run.options.keep_best = 2;
  std::vector<double> scores = {3, 5, 1, 4, 4, 2};
  run.task.score = [&](Session&) -> absl::StatusOr<double> {
    const double score = scores.front();
    scores.erase(scores.begin());
    return score;
  };
  const absl::StatusOr<TrainingResult> result = run.Run(28);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->best_score, 5);
  EXPECT_EQ(result->best_update, 10);
  // 5 and the first 4; the end, update 28, was scored too.
  EXPECT_THAT(*CheckpointStore(Env::Default(), JoinPath(directory, "best")).Steps(),
              ElementsAre(10, 20));
  EXPECT_TRUE(scores.empty());
}

TEST_F(TrainerTest, AScoreThatIsNotFiniteIsAnError) {
  SmallRun run("");
  run.options.score_every = 2;
  run.task.score = [](Session&) -> absl::StatusOr<double> { return std::nan(""); };
  EXPECT_THAT(std::string(run.Run(5).status().message()),
              HasSubstr("the nothing of update 2 is not finite"));
}

TEST_F(TrainerTest, ScoresTheAverages) {
  SmallRun run("");
  run.task.step =
      Sgd{.learning_rate = 0.1f, .options = {.average_decay = 0.5f}}.Step(run.b, run.task.loss);
  run.options.score_every = 3;
  NamedTensors seen;
  run.task.score = [&](Session& session) -> absl::StatusOr<double> {
    seen = session.VariableValues();
    return 1.0;
  };
  ASSERT_TRUE(run.Run(3).ok());
  EXPECT_TRUE(seen.at("w").Identical(run.values.at("average/w")));
  EXPECT_FALSE(seen.at("w").Identical(run.values.at("w")));
  EXPECT_TRUE(seen.at("optimizer/updates").Identical(run.values.at("optimizer/updates")));
}

// The steps and values of one curve.
using Curve = std::vector<std::pair<int64_t, double>>;

TEST_F(TrainerTest, RecordsCurvesThatAResumedRunContinues) {
  const std::string directory = Directory("events");
  std::map<std::string, Curve> curves;
  for (const int64_t updates : {10, 20}) {
    SmallRun run(directory);
    run.options.log_every = 5;
    run.options.score_every = 10;
    run.task.unit = "odd words";
    run.task.count_units = [](const Example& batch) { return batch[0].dim(0); };
    run.options.record = [&](int64_t update, const std::string& name, double value) {
      curves[name].push_back({update, value});
    };
    ASSERT_TRUE(run.Run(updates).ok());
  }
  std::vector<std::string> names;
  for (const auto& [name, curve] : curves) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("train/gradient_norm", "train/learning_rate", "train/loss",
                                 "train/odd_words_per_second", "validation/nothing"));
  const Curve& loss = curves["train/loss"];
  ASSERT_EQ(loss.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(loss[i].first, 5 * (i + 1));

  // The files hold the same; their reader checks the checksums.
  const std::string events = JoinPath(directory, "events");
  const std::vector<std::string> files = *Env::Default()->ListDir(events);
  ASSERT_EQ(files.size(), 2u);
  int found = 0;
  for (const std::string& file : files) {
    auto reader = *TfRecordReader::Open(Env::Default(), JoinPath(events, file));
    std::string record;
    while (true) {
      const absl::StatusOr<bool> more = reader->Next(&record);
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) break;
      found += record.find("train/loss") != std::string::npos;
    }
  }
  EXPECT_EQ(found, 4);
}

// TensorBoard's own reader finds one curve, without a seam, in what two runs wrote.
TEST_F(TrainerTest, TensorBoardReadsTheCurves) {
  const char* python = std::getenv("VIV_TENSORBOARD_PYTHON");
  const std::string interpreter = python == nullptr ? "python3" : python;
  if (std::system((interpreter + " -c 'import tensorboard' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "no tensorboard for " << interpreter;
  }
  const std::string directory = Directory("tensorboard");
  Curve loss;
  // The second run repeats what the first did after its last checkpoint, at update 14.
  for (const int64_t updates : {18, 30}) {
    SmallRun run(directory);
    run.options.log_every = 2;
    run.options.record = [&](int64_t update, const std::string& name, double value) {
      if (name == "train/loss" && (updates == 30 || update <= 14)) loss.push_back({update, value});
    };
    ASSERT_TRUE(run.Run(updates).ok());
    if (updates == 18) {
      ASSERT_TRUE(
          Env::Default()
              ->Remove(CheckpointStore(Env::Default(), directory + "/checkpoints").PathOf(18))
              .ok());
    }
  }
  const std::string script =
      "import sys\n"
      "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
      "events = EventAccumulator(sys.argv[1]); events.Reload()\n"
      "for e in events.Scalars('train/loss'): print(e.step, repr(e.value))\n";
  ASSERT_TRUE(WriteFileAtomically(Env::Default(), directory + "/read.py", script).ok());
  const std::string out = directory + "/out";
  ASSERT_EQ(std::system((interpreter + " " + directory + "/read.py " + directory + "/events > " +
                         out + " 2>/dev/null")
                            .c_str()),
            0);
  const std::vector<std::string> lines =
      absl::StrSplit(*Env::Default()->ReadFile(out), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), loss.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> words = absl::StrSplit(lines[i], ' ');
    EXPECT_EQ(words[0], absl::StrCat(loss[i].first));
    double value = 0;
    ASSERT_TRUE(absl::SimpleAtod(words[1], &value));
    EXPECT_FLOAT_EQ(value, loss[i].second);
  }
}

TEST_F(TrainerTest, CtrlCEndsARunWithACheckpoint) {
  const std::string directory = Directory("interrupt");
  SmallRun whole("");
  ASSERT_TRUE(whole.Run(20).ok());
  SmallRun run(directory);
  run.options.log_every = 5;
  run.options.record = [](int64_t update, const std::string& name, double) {
    if (update == 5 && name == "train/loss") std::raise(SIGINT);
  };
  const absl::StatusOr<TrainingResult> result = run.Run(20);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->interrupted);
  EXPECT_EQ(result->updates, 5);
  SmallRun rest(directory);
  ASSERT_TRUE(rest.Run(20).ok());
  for (const auto& [name, value] : whole.values) {
    EXPECT_TRUE(rest.values.at(name).Identical(value)) << name;
  }
}

TEST_F(TrainerTest, EveryZeroMeansNever) {
  SmallRun run(Directory("never"));
  run.options.log_every = 0;
  run.options.checkpoint_every = 0;
  int recorded = 0;
  run.options.record = [&](int64_t, const std::string&, double) { ++recorded; };
  const absl::StatusOr<TrainingResult> result = run.Run(3);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->loss, 0);
  EXPECT_EQ(recorded, 0);
}

TEST_F(TrainerTest, EventsThatCannotBeWrittenDoNotStopARun) {
  const std::string directory = Directory("no_events");
  ASSERT_TRUE(Env::Default()->CreateDirs(directory).ok());
  ASSERT_TRUE(WriteFileAtomically(Env::Default(), directory + "/events", "a file").ok());
  SmallRun run(directory);
  run.options.log_every = 1;
  EXPECT_TRUE(run.Run(3).ok());
}

TEST_F(TrainerTest, OtherSettingsOrConditionsAreRefused) {
  const std::string directory = Directory("settings");
  SmallRun first(directory);
  first.options.settings["width"] = "4";
  ASSERT_TRUE(first.Run(3).ok());
  SmallRun other(directory);
  other.options.settings["width"] = "5";
  EXPECT_THAT(std::string(other.Run(5).status().message()), HasSubstr("another width (4, not 5)"));

  CheckpointStore store(Env::Default(), JoinPath(directory, "checkpoints"));
  absl::StatusOr<Checkpoint> checkpoint = store.LoadLatest();
  ASSERT_TRUE(checkpoint.ok());
  checkpoint->conditions["threads"] = "77";
  ASSERT_TRUE(store.Save(*checkpoint).ok());
  SmallRun again(directory);
  EXPECT_THAT(std::string(again.Run(5).status().message()), HasSubstr("threads was 77"));
  SmallRun inexact(directory);
  inexact.options.allow_inexact = true;
  EXPECT_TRUE(inexact.Run(5).ok());
}

TEST_F(TrainerTest, ALossThatIsNotFiniteIsAnError) {
  SmallRun run("");
  run.task.loss = Log(run.b, Neg(run.b, run.task.loss));
  EXPECT_THAT(std::string(run.Run(5).status().message()), HasSubstr("not finite"));
}

}  // namespace
}  // namespace viv
