// The training loop. What a checkpoint needs beyond the variables is in TrainerState.
#include "core/train/trainer.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/guard.h"
#include "core/base/progress.h"
#include "core/base/status.h"
#include "core/train/interrupt.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr char kReaderText[] = "reader";
constexpr char kTrainerText[] = "trainer";

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct TrainerState {
  int64_t updates = 0;
  int64_t batches = 0;
  bool scored = false;
  double best_score = 0;
  int64_t best_update = 0;
  int worse = 0;  // scores in a row that were not better

  std::string ToJson() const {
    return nlohmann::json{{"updates", updates},         {"batches", batches},
                          {"scored", scored},           {"best_score", best_score},
                          {"best_update", best_update}, {"worse", worse}}
        .dump();
  }
  absl::Status FromJson(const std::string& text) {
    return RunGuarded("the trainer's state is damaged", [&] {
      const nlohmann::json json = nlohmann::json::parse(text);
      json.at("updates").get_to(updates);
      json.at("batches").get_to(batches);
      json.at("scored").get_to(scored);
      json.at("best_score").get_to(best_score);
      json.at("best_update").get_to(best_update);
      json.at("worse").get_to(worse);
    });
  }
};

class Trainer {
 public:
  Trainer(Session& session, const Graph& graph, const TrainingTask& task,
          const TrainerOptions& options)
      : session_(session),
        graph_(graph),
        task_(task),
        options_(options),
        latest_(options.env, JoinPath(options.directory, "checkpoints"), options.keep),
        best_(options.env, JoinPath(options.directory, "best"), options.keep_best) {}

  absl::StatusOr<TrainingResult> Run(const Dataset& data) {
    ASSIGN_OR_RETURN(reader_, data.MakeIterator());
    RETURN_IF_ERROR(Prepare());
    RETURN_IF_ERROR(Begin());
    const InterruptGuard interrupt;
    Progress progress({.label = options_.label,
                       .unit = "updates",
                       .total = options_.updates,
                       .done = state_.updates});
    ResetWindow();
    bool data_left = true, saved = true;
    while (data_left && state_.updates < options_.updates && !result_.stopped_early &&
           !result_.interrupted) {
      ASSIGN_OR_RETURN(data_left, Update());
      if (!data_left) break;
      saved = false;
      progress.Update(state_.updates, note_);
      if (state_.updates % options_.log_every == 0) Log(&progress);
      if (options_.score_every > 0 && state_.updates % options_.score_every == 0) {
        RETURN_IF_ERROR(Score(&progress));
      }
      if (options_.checkpoint_every > 0 && state_.updates % options_.checkpoint_every == 0) {
        RETURN_IF_ERROR(Save(latest_));
        saved = true;
      }
      result_.interrupted = InterruptGuard::requested();
    }
    progress.Finish();
    if (!saved) RETURN_IF_ERROR(Save(latest_));
    result_.updates = state_.updates;
    result_.best_score = state_.best_score;
    result_.best_update = state_.best_update;
    return result_;
  }

 private:
  absl::Status Prepare() {
    std::vector<Output> fetches = {task_.loss, task_.step.rate, task_.step.gradient_norm,
                                   task_.step.update};
    ASSIGN_OR_RETURN(update_, session_.Prepare(task_.feeds, fetches));
    if (task_.accumulate > 1) {
      ASSIGN_OR_RETURN(accumulate_,
                       session_.Prepare(task_.feeds, {task_.loss, task_.step.accumulate}));
    }
    for (const auto fetch : {0, 1, 2}) {
      ASSIGN_OR_RETURN(results_[fetch], Tensor::Make(kFloat, Shape()));
    }
    return absl::OkStatus();
  }

  // From the latest checkpoint, or from the beginning.
  absl::Status Begin() {
    if (options_.directory.empty()) return session_.Initialize();
    ASSIGN_OR_RETURN(const std::vector<int64_t> steps, latest_.Steps());
    if (steps.empty()) return session_.Initialize();
    ASSIGN_OR_RETURN(Checkpoint checkpoint, latest_.LoadLatest());
    for (const auto& [name, value] : options_.settings) {
      const std::string saved = checkpoint.texts[name];
      if (saved != value) {
        return absl::FailedPreconditionError(
            absl::StrCat(options_.directory, " holds a run with another ", name, " (", saved,
                         ", not ", value, "); give the run a new directory, or the old settings"));
      }
    }
    if (!options_.allow_inexact) RETURN_IF_ERROR(CheckConditions(checkpoint.conditions));
    RETURN_IF_ERROR(RestoreVariables(session_, graph_, checkpoint.tensors));
    RETURN_IF_ERROR(state_.FromJson(checkpoint.texts[kTrainerText]));
    return reader_->Restore(checkpoint.texts[kReaderText]);
  }

  // One update; false where the data ended before it was complete.
  absl::StatusOr<bool> Update() {
    for (int i = 0; i < task_.accumulate; ++i) {
      Example batch;
      ASSIGN_OR_RETURN(const bool more, reader_->Next(&batch));
      if (!more) return false;
      if (batch.size() < task_.feeds.size()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the data has ", batch.size(), " fields, the net reads ", task_.feeds.size()));
      }
      if (task_.count_units) units_ += task_.count_units(batch);
      const auto feeds = absl::MakeConstSpan(batch).subspan(0, task_.feeds.size());
      const RunOptions run = {.step = state_.batches};
      if (i + 1 < task_.accumulate) {
        Tensor results[2] = {results_[0], Tensor()};
        RETURN_IF_ERROR(accumulate_->Run(feeds, absl::MakeSpan(results), run));
      } else {
        RETURN_IF_ERROR(update_->Run(feeds, absl::MakeSpan(results_), run));
      }
      ++state_.batches;
      loss_sum_ += results_[0].scalar<float>();
      ++losses_;
    }
    ++state_.updates;
    if (!std::isfinite(loss_sum_)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the loss of update ", state_.updates, " is not finite; a lower learning rate or ",
          "--clip_norm may help; checkpoints up to update ",
          state_.updates / std::max<int64_t>(options_.checkpoint_every, 1) *
              options_.checkpoint_every,
          " are kept"));
    }
    return true;
  }

  void Record(const std::string& name, double value) const {
    if (options_.record) options_.record(state_.updates, name, value);
  }

  void Log(Progress* progress) {
    const double seconds = Seconds() - window_begin_;
    result_.loss = loss_sum_ / static_cast<double>(losses_);
    note_ = absl::StrFormat("loss %.3f", result_.loss);
    Record("loss", result_.loss);
    Record("learning_rate", results_[1].scalar<float>());
    Record("gradient_norm", results_[2].scalar<float>());
    if (task_.count_units) {
      const double rate = static_cast<double>(units_) / seconds;
      absl::StrAppendFormat(&note_, ", %.0f %s/s", rate, task_.unit);
      Record(absl::StrCat(task_.unit, "_per_second"), rate);
    }
    if (state_.scored) {
      absl::StrAppendFormat(&note_, ", best %s %.2f", task_.score_name, state_.best_score);
    }
    progress->Update(state_.updates, note_);
    ResetWindow();
  }

  void ResetWindow() {
    window_begin_ = Seconds();
    loss_sum_ = 0;
    losses_ = 0;
    units_ = 0;
  }

  absl::Status Score(Progress* progress) {
    if (!task_.score) return absl::OkStatus();
    const double begin = Seconds();
    ASSIGN_OR_RETURN(const double score, task_.score(session_));
    window_begin_ += Seconds() - begin;  // scoring is no training time
    Record(task_.score_name, score);
    if (losses_ > 0) result_.loss = loss_sum_ / static_cast<double>(losses_);
    const bool better = !state_.scored || score > state_.best_score;
    progress->Print(absl::StrFormat("update %d: loss %.3f, %s %.2f%s", state_.updates, result_.loss,
                                    task_.score_name, score, better ? " (best)" : ""));
    if (better) {
      state_.scored = true;
      state_.best_score = score;
      state_.best_update = state_.updates;
      state_.worse = 0;
      return Save(best_);
    }
    ++state_.worse;
    result_.stopped_early = options_.patience > 0 && state_.worse >= options_.patience;
    return absl::OkStatus();
  }

  absl::Status Save(CheckpointStore& store) {
    if (options_.directory.empty()) return absl::OkStatus();
    Checkpoint checkpoint = {.step = state_.updates,
                             .tensors = session_.VariableValues(),
                             .texts = options_.settings,
                             .conditions = ArithmeticConditions()};
    checkpoint.texts[kTrainerText] = state_.ToJson();
    checkpoint.texts[kReaderText] = reader_->Save();
    return store.Save(checkpoint);
  }

  Session& session_;
  const Graph& graph_;
  const TrainingTask& task_;
  const TrainerOptions& options_;
  CheckpointStore latest_, best_;
  std::unique_ptr<DatasetIterator> reader_;
  std::optional<PreparedRun> update_, accumulate_;
  Tensor results_[4];  // loss, rate, gradient norm, and nothing for the update
  TrainerState state_;
  TrainingResult result_;
  std::string note_;
  // Since the last line of the log.
  double window_begin_ = 0;
  double loss_sum_ = 0;
  int64_t losses_ = 0;
  int64_t units_ = 0;
};

}  // namespace

absl::StatusOr<TrainingResult> Train(Session& session, const Graph& graph, const TrainingTask& task,
                                     const Dataset& data, const TrainerOptions& options) {
  if (!task.loss.valid() || !task.step.update.valid()) {
    return absl::InvalidArgumentError("there is no loss, or no update, to run");
  }
  return Trainer(session, graph, task, options).Run(data);
}

}  // namespace viv
