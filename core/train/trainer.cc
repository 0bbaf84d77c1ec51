// The training loop. What a checkpoint needs beyond the variables is in TrainerState.
#include "core/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/base/guard.h"
#include "core/base/logging.h"
#include "core/base/progress.h"
#include "core/base/status.h"
#include "core/ops/state.h"
#include "core/runtime/profile.h"
#include "core/train/curves.h"
#include "core/train/event_file.h"
#include "core/train/interrupt.h"
#include "core/train/png.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr char kReaderText[] = "reader";
constexpr char kTrainerText[] = "trainer";
constexpr char kAverage[] = "average/";
constexpr char kLossTag[] = "train/loss";
constexpr int64_t kTracedUpdate = 3;
constexpr int kAll = std::numeric_limits<int>::max();

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What was saved as one of the best.
struct Scored {
  double score = 0;
  int64_t update = 0;
};

struct TrainerState {
  int64_t updates = 0;
  int64_t batches = 0;
  int64_t scored_update = 0;  // the last that was scored; 0: none
  std::vector<Scored> best;   // the best first
  int worse = 0;              // scores in a row that were not better

  std::string ToJson() const {
    nlohmann::json list = nlohmann::json::array();
    for (const Scored& one : best) list.push_back({one.score, one.update});
    return nlohmann::json{{"updates", updates},
                          {"batches", batches},
                          {"scored_update", scored_update},
                          {"best", list},
                          {"worse", worse}}
        .dump();
  }
  absl::Status FromJson(const std::string& text) {
    return RunGuarded("the trainer's state is damaged", [&] {
      const nlohmann::json json = nlohmann::json::parse(text);
      json.at("updates").get_to(updates);
      json.at("batches").get_to(batches);
      json.at("scored_update").get_to(scored_update);
      json.at("worse").get_to(worse);
      best.clear();
      for (const nlohmann::json& one : json.at("best")) {
        best.push_back({one.at(0).get<double>(), one.at(1).get<int64_t>()});
      }
    });
  }
};

// The tag of a figure in event files.
std::string TagOf(const std::string& name) { return absl::StrReplaceAll(name, {{" ", "_"}}); }

// Every so many updates; 0: never.
bool Due(int64_t update, int64_t every) { return every > 0 && update % every == 0; }

class Trainer {
 public:
  Trainer(Session& session, Graph& graph, const TrainingTask& task, const TrainerOptions& options)
      : session_(session),
        graph_(graph),
        task_(task),
        options_(options),
        latest_(options.env, JoinPath(options.directory, "checkpoints"), options.keep),
        best_(options.env, JoinPath(options.directory, "best"), kAll) {}

  absl::StatusOr<TrainingResult> Run(const Dataset& data) {
    ASSIGN_OR_RETURN(reader_, data.MakeIterator());
    RETURN_IF_ERROR(Prepare());
    RETURN_IF_ERROR(Begin());
    BeginEvents();
    const InterruptGuard interrupt;
    Progress progress({.label = options_.label,
                       .unit = "updates",
                       .total = options_.updates,
                       .done = state_.updates});
    ResetWindow();
    const bool begins = !options_.start.empty() && state_.updates == 0;
    if (begins && options_.score_every > 0) RETURN_IF_ERROR(Score(&progress));
    bool data_left = true, saved = true;
    while (data_left && state_.updates < options_.updates && !result_.stopped_early &&
           !result_.interrupted) {
      ASSIGN_OR_RETURN(data_left, Update());
      if (!data_left) break;
      saved = false;
      progress.Update(state_.updates, note_);
      if (Due(state_.updates, options_.log_every)) Log(&progress);
      if (Due(state_.updates, options_.score_every)) RETURN_IF_ERROR(Score(&progress));
      if (Due(state_.updates, options_.checkpoint_every)) {
        RETURN_IF_ERROR(Save(latest_));
        saved = true;
      }
      result_.interrupted = InterruptGuard::requested();
    }
    const bool unscored = state_.updates > 0 && state_.scored_update < state_.updates;
    if (options_.score_every > 0 && unscored && !result_.interrupted) {
      RETURN_IF_ERROR(Score(&progress));
      saved = false;
    }
    progress.Finish();
    if (!saved) RETURN_IF_ERROR(Save(latest_));
    if (const absl::Status drawn = WriteCurves(); !drawn.ok()) {
      LOG(WARNING) << "no curves are drawn: " << drawn.message();
    }
    if (losses_ > 0) result_.loss = loss_sum_ / static_cast<double>(losses_);
    result_.updates = state_.updates;
    if (!state_.best.empty()) {
      result_.best_score = state_.best[0].score;
      result_.best_update = state_.best[0].update;
    }
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
    if (options_.directory.empty()) return Initialize();
    ASSIGN_OR_RETURN(saver_, Saver::Create(GraphBuilder(&graph_)));
    ASSIGN_OR_RETURN(const std::vector<int64_t> steps, latest_.Steps());
    if (steps.empty()) return Initialize();
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
    RETURN_IF_ERROR(saver_.Restore(session_, checkpoint));
    RETURN_IF_ERROR(state_.FromJson(checkpoint.texts[kTrainerText]));
    result_.stopped_early = OutOfPatience();
    return reader_->Restore(checkpoint.texts[kReaderText]);
  }

  absl::Status Initialize() {
    RETURN_IF_ERROR(session_.Initialize());
    if (options_.start.empty()) return absl::OkStatus();
    const NamedTensors variables = session_.VariableValues();
    for (const auto& [name, value] : options_.start) {
      RETURN_IF_ERROR(session_.SetVariable(name, value));
      const std::string average = absl::StrCat(kAverage, name);
      if (variables.count(average) != 0) RETURN_IF_ERROR(session_.SetVariable(average, value));
    }
    return absl::OkStatus();
  }

  bool OutOfPatience() const { return options_.patience > 0 && state_.worse >= options_.patience; }

  // Curves are a by-product: a run goes on without them.
  void BeginEvents() {
    if (options_.directory.empty()) return;
    absl::StatusOr<std::unique_ptr<EventFile>> events =
        EventFile::Create(options_.env, JoinPath(options_.directory, "events"),
                          {.first_step = state_.updates == 0 ? 0 : state_.updates + 1});
    if (events.ok()) {
      events_ = *std::move(events);
    } else {
      LOG(WARNING) << "no event file is written: " << events.status().message();
    }
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
      const bool last = i + 1 == task_.accumulate;
      const bool traced = last && !options_.trace.empty() && ++updates_here_ == kTracedUpdate;
      Profile profile;
      const RunOptions run = {.step = state_.batches, .profile = traced ? &profile : nullptr};
      if (!last) {
        Tensor results[2] = {results_[0], Tensor()};
        RETURN_IF_ERROR(accumulate_->Run(feeds, absl::MakeSpan(results), run));
      } else {
        RETURN_IF_ERROR(update_->Run(feeds, absl::MakeSpan(results_), run));
      }
      if (traced) RETURN_IF_ERROR(WriteTrace(profile));
      ++state_.batches;
      loss_sum_ += results_[0].scalar<float>();
      ++losses_;
    }
    ++state_.updates;
    if (!std::isfinite(loss_sum_)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the loss of update ", state_.updates, " is not finite; a lower learning ",
                       "rate or clipping the gradient's norm may help",
                       options_.directory.empty() ? "" : "; the last checkpoint is kept"));
    }
    return true;
  }

  absl::Status WriteTrace(const Profile& profile) const {
    LOG(INFO) << "update " << state_.updates + 1 << " in " << options_.trace << ":\n"
              << profile.Table();
    return WriteFileAtomically(options_.env, options_.trace, profile.ChromeTrace());
  }

  std::string ScoreTag() const { return absl::StrCat("validation/", task_.score_name); }

  // Loss and score as an image, of the whole run: what was before it was resumed is in its event
  // files.
  absl::Status WriteCurves() {
    if (events_ == nullptr) return absl::OkStatus();
    RETURN_IF_ERROR(events_->Flush());
    ASSIGN_OR_RETURN(const auto curves,
                     ReadCurves(options_.env, JoinPath(options_.directory, "events")));
    std::vector<Curve> shown;
    for (const std::string& name : {std::string(kLossTag), ScoreTag()}) {
      const auto found = curves.find(TagOf(name));
      if (found != curves.end()) shown.push_back(found->second);
    }
    if (shown.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Tensor image, DrawCurves(shown));
    ASSIGN_OR_RETURN(const std::string png, EncodePng(image));
    return WriteFileAtomically(options_.env, JoinPath(options_.directory, "curves.png"), png);
  }

  void Record(std::string name, double value) {
    name = TagOf(name);
    if (options_.record) options_.record(state_.updates, name, value);
    if (events_ == nullptr) return;
    if (const absl::Status status = events_->AddScalar(state_.updates, name, value); !status.ok()) {
      LOG(WARNING) << "no more events are written: " << status.message();
      events_ = nullptr;
    }
  }

  void Log(Progress* progress) {
    const double seconds = Seconds() - window_begin_;
    result_.loss = loss_sum_ / static_cast<double>(losses_);
    note_ = absl::StrFormat("loss %.3f", result_.loss);
    Record(kLossTag, result_.loss);
    Record("train/learning_rate", results_[1].scalar<float>());
    Record("train/gradient_norm", results_[2].scalar<float>());
    if (task_.count_units) {
      const double rate = static_cast<double>(units_) / seconds;
      absl::StrAppendFormat(&note_, ", %.0f %s/s", rate, task_.unit);
      Record(absl::StrCat("train/", task_.unit, "_per_second"), rate);
    }
    if (!state_.best.empty()) {
      absl::StrAppendFormat(&note_, ", best %s %.2f", task_.score_name, state_.best[0].score);
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

  // Gives the trainable variables their averages where there are any, or takes them back.
  absl::StatusOr<NamedTensors> UseAverages() {
    NamedTensors trained = session_.VariableValues(), replaced;
    for (const Variable& v : Variables(graph_, /*trainable_only=*/true)) {
      const auto average = trained.find(absl::StrCat(kAverage, v.name()));
      if (average == trained.end()) continue;
      RETURN_IF_ERROR(session_.SetVariable(v.name(), average->second));
      replaced[v.name()] = trained[v.name()];
    }
    return replaced;
  }

  absl::StatusOr<double> ScoreOfAverages() {
    ASSIGN_OR_RETURN(const NamedTensors trained, UseAverages());
    const absl::StatusOr<double> score = task_.score(session_);
    for (const auto& [name, value] : trained) {
      RETURN_IF_ERROR(session_.SetVariable(name, value));
    }
    if (score.ok() && !std::isfinite(*score)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the ", task_.score_name, " of update ", state_.updates, " is not finite"));
    }
    return score;
  }

  absl::Status Score(Progress* progress) {
    if (!task_.score) return absl::OkStatus();
    const double begin = Seconds();
    ASSIGN_OR_RETURN(const double score, ScoreOfAverages());
    window_begin_ += Seconds() - begin;  // scoring is no training time
    Record(ScoreTag(), score);
    if (losses_ > 0) result_.loss = loss_sum_ / static_cast<double>(losses_);
    state_.scored_update = state_.updates;
    const bool better = state_.best.empty() || score > state_.best[0].score;
    const std::string loss = losses_ > 0 ? absl::StrFormat("loss %.3f, ", result_.loss) : "";
    progress->Print(absl::StrFormat("update %d: %s%s %.2f%s", state_.updates, loss,
                                    task_.score_name, score, better ? " (best)" : ""));
    state_.worse = better ? 0 : state_.worse + 1;
    result_.stopped_early = OutOfPatience();
    return KeepIfGood(score);
  }

  // Saves what is one of the best, and removes what no longer is one.
  absl::Status KeepIfGood(double score) {
    const size_t most = static_cast<size_t>(std::max(options_.keep_best, 1));
    const auto place = std::find_if(state_.best.begin(), state_.best.end(),
                                    [&](const Scored& one) { return score > one.score; });
    if (place == state_.best.end() && state_.best.size() >= most) return absl::OkStatus();
    state_.best.insert(place, {score, state_.updates});
    RETURN_IF_ERROR(Save(best_));
    while (state_.best.size() > most) {
      const int64_t worst = state_.best.back().update;
      state_.best.pop_back();
      if (options_.directory.empty()) continue;
      RETURN_IF_ERROR(options_.env->Remove(best_.PathOf(worst)));
    }
    return absl::OkStatus();
  }

  absl::Status Save(CheckpointStore& store) {
    if (options_.directory.empty()) return absl::OkStatus();
    Checkpoint checkpoint = {
        .step = state_.updates, .texts = options_.settings, .conditions = ArithmeticConditions()};
    checkpoint.texts[kTrainerText] = state_.ToJson();
    checkpoint.texts[kReaderText] = reader_->Save();
    return store.Save(checkpoint, session_, saver_);
  }

  Session& session_;
  Graph& graph_;
  const TrainingTask& task_;
  const TrainerOptions& options_;
  CheckpointStore latest_, best_;
  Saver saver_;
  std::unique_ptr<DatasetIterator> reader_;
  std::unique_ptr<EventFile> events_;  // may be null
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
  int64_t updates_here_ = 0;  // of this process, counted for the trace
};

}  // namespace

absl::StatusOr<TrainingResult> Train(Session& session, Graph& graph, const TrainingTask& task,
                                     const Dataset& data, const TrainerOptions& options) {
  if (!task.loss.valid() || !task.step.update.valid()) {
    return absl::InvalidArgumentError("there is no loss, or no update, to run");
  }
  return Trainer(session, graph, task, options).Run(data);
}

std::string DescribeTraining(const TrainingResult& result, const std::string& best) {
  std::string text = absl::StrFormat("%d updates", result.updates);
  if (result.loss > 0) absl::StrAppendFormat(&text, ", loss %.3f", result.loss);
  if (result.best_update >= 0) {
    absl::StrAppendFormat(&text, ", best %s at update %d", best, result.best_update);
  }
  if (result.interrupted) absl::StrAppend(&text, "; interrupted, the same command goes on");
  if (result.stopped_early) absl::StrAppend(&text, "; stopped, for the score no longer rose");
  return text;
}

}  // namespace viv
