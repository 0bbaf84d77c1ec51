// The loop that trains: data in, step, metrics, validation, checkpoints, progress.
//
// A run lives in a directory: <directory>/checkpoints, of which the latest is where it goes on
// after whatever stopped it, <directory>/best, what validated best, and <directory>/events, curves
// for TensorBoard (`tensorboard --logdir <directory>`), of which <directory>/curves.png shows loss
// and score when the run ends or is interrupted. A run that was killed and resumed ends with
// the same bits as one that was not: the checkpoint holds the variables (the optimizer's among
// them), the reader's position and the number of the batch, from which random ops draw.
#ifndef VIV_CORE_TRAIN_TRAINER_H_
#define VIV_CORE_TRAIN_TRAINER_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/checkpoint/checkpoint.h"
#include "core/data/dataset.h"
#include "core/runtime/session.h"
#include "core/tensor/safetensors.h"
#include "core/train/optimizer.h"

namespace viv {

// What is trained, as parts of one graph.
struct TrainingTask {
  // Placeholders for the fields of the dataset's elements, in order; fields beyond are not fed.
  std::vector<Output> feeds;
  // A float scalar.
  Output loss;
  OptimizerStep step;
  // As OptimizerOptions::accumulate.
  int accumulate = 1;
  // What counts for the rate that is shown ("words", how many are in an element); may be empty.
  std::string unit;
  std::function<int64_t(const Example&)> count_units;
  // A figure that is better when higher, e.g. BLEU or the negative loss; may be empty. While it is
  // computed, trainable variables that have an average ("average/<variable>") hold that.
  std::string score_name = "score";
  std::function<absl::StatusOr<double>(Session&)> score;
};

struct TrainerOptions {
  // Empty: nothing is saved.
  std::string directory;
  // Updates in all, those before a resumption included.
  int64_t updates = 1000;
  // 0, here and below: never.
  int64_t log_every = 50;
  // The end of a run is scored too.
  int64_t score_every = 0;
  int64_t checkpoint_every = 1000;
  // So many of the latest checkpoints, and of those with the best scores.
  int keep = 2;
  int keep_best = 1;
  // Ends after so many scores in a row that were not better than the best; 0: never.
  int patience = 0;
  // Goes on although what fixes the arithmetic has changed.
  bool allow_inexact = false;
  // Texts that are kept in checkpoints and must be equal when a run is resumed (the settings).
  std::map<std::string, std::string> settings;
  // What variables begin a new run with, in place of their initial values, averages too. Such a run
  // is scored before its first update.
  NamedTensors start;
  std::string label = "train";
  // A file for what each kernel of one update did when, as a Chrome trace; its table by op goes to
  // the log. That update is the third of the run, when memory and plans are made. Empty: none.
  std::string trace;
  // Gets every figure that goes to the event files: "train/loss", "train/learning_rate",
  // "train/gradient_norm", "train/<unit>_per_second" and "validation/<score name>".
  std::function<void(int64_t update, const std::string& name, double value)> record;
  // The session's (SessionOptions::env).
  Env* env = Env::Default();
};

struct TrainingResult {
  int64_t updates = 0;
  double loss = 0;  // the mean since the last line of the log; 0 where nothing was left to do
  double best_score = 0;
  int64_t best_update = -1;  // -1: none was scored
  bool interrupted = false;
  bool stopped_early = false;
};

// "1200 updates, loss 2.310, best BLEU 43.20 at update 900", and whether it was stopped; `best`:
// the score in words.
std::string DescribeTraining(const TrainingResult& result, const std::string& best);

// Initialises the session, or resumes from the directory's latest checkpoint, and trains. SIGINT
// and SIGTERM end the run after the current step, with a checkpoint; a second one ends the process.
// Errors: of the data, of a run, of saving; FailedPrecondition where a checkpoint was made with
// other settings or under other conditions.
// The graph, the session's, gets the nodes that save its variables.
absl::StatusOr<TrainingResult> Train(Session& session, Graph& graph, const TrainingTask& task,
                                     const Dataset& data, const TrainerOptions& options);

}  // namespace viv

#endif  // VIV_CORE_TRAIN_TRAINER_H_
