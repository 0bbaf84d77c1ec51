// The old model lives until the last batch that uses it has run.
#include "core/serving/model_slot.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/file.h"
#include "core/base/logging.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "zlib.h"

namespace viv {
namespace {

constexpr char kItems[] = "vivarium_items_total";
constexpr char kFailedItems[] = "vivarium_failed_items_total";
constexpr char kBatchSize[] = "vivarium_batch_size";
constexpr char kBatchSeconds[] = "vivarium_batch_seconds";
constexpr char kWaiting[] = "vivarium_waiting_items";
constexpr char kLoads[] = "vivarium_model_loads_total";
constexpr char kReady[] = "vivarium_model_ready";

}  // namespace

void ModelSlot::DeclareMetrics(Metrics& metrics) {
  metrics.DeclareCounter(kItems, "Items (sentences, photos) that were answered or failed.");
  metrics.DeclareCounter(kFailedItems, "Items that failed.");
  metrics.DeclareCounter(kLoads, "Attempts to load a model, by result.");
  metrics.DeclareGauge(kWaiting, "Items that wait for a batch.");
  metrics.DeclareGauge(kReady, "Whether a model is loaded and warm.");
  metrics.DeclareHistogram(kBatchSize, "Items of a batch.", {1, 2, 4, 8, 16, 32, 64, 128});
  metrics.DeclareHistogram(kBatchSeconds, "Seconds that a batch ran.",
                           {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10});
}

ModelSlot::ModelSlot(std::string name, std::string directory, ServedModelLoader loader,
                     const BatcherOptions& options, Metrics* metrics,
                     std::vector<std::string> files)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      loader_(std::move(loader)),
      files_(std::move(files)),
      metrics_(metrics),
      workers_(options.workers),
      batcher_(options,
               [this](absl::Span<const ServedItem* const> batch) { return RunBatch(batch); }) {
  metrics_->Set(kReady, {{"model", name_}}, 0);
}

// bundle.json holds the checksums of all other files of a bundle.
absl::StatusOr<std::string> ModelSlot::VersionOnDisk() const {
  std::vector<std::string> paths = files_;
  paths.push_back(JoinPath(directory_, "bundle.json"));
  uLong checksum = 0;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string text, Env::Default()->ReadFile(path));
    checksum = crc32(checksum, reinterpret_cast<const Bytef*>(text.data()),
                     static_cast<uInt>(text.size()));
  }
  return absl::StrFormat("%08x", checksum);
}

ModelSlot::Current ModelSlot::current() const {
  MutexLock lock(mutex_);
  return current_;
}

absl::Status ModelSlot::LoadVersion(const std::string& version) {
  // Whoever asks the old model meanwhile has the other cores.
  const SerialRegion one_thread;
  tried_ = version;
  ASSIGN_OR_RETURN(std::shared_ptr<const ServedModel> model, loader_(directory_));
  const std::vector<ServedItem> items = model->WarmUp();
  for (const ServedItem& item : items) {
    const ServedItem* const one[] = {&item};
    for (const absl::StatusOr<Example>& result : model->Infer(one)) {
      RETURN_IF_ERROR(Annotate(result.status(), "while it was warmed up"));
    }
  }
  MutexLock lock(mutex_);
  current_ = {std::move(model), version};
  return absl::OkStatus();
}

absl::Status ModelSlot::Load() {
  ASSIGN_OR_RETURN(const std::string version, VersionOnDisk());
  const absl::Status status = LoadVersion(version);
  metrics_->Count(kLoads, {{"model", name_}, {"result", status.ok() ? "ok" : "error"}});
  if (!status.ok()) return Annotate(status, absl::StrCat("cannot load '", name_, "'"));
  metrics_->Set(kReady, {{"model", name_}}, 1);
  LOG(INFO) << "serving '" << name_ << "', version " << version << ", from " << directory_;
  return absl::OkStatus();
}

absl::Status ModelSlot::ReloadIfChanged() {
  // While a bundle is being replaced there may be none for a moment.
  const absl::StatusOr<std::string> version = VersionOnDisk();
  if (!version.ok() || *version == tried_) return absl::OkStatus();
  return Load();
}

absl::StatusOr<ServedResults> ModelSlot::Infer(const std::vector<ServedItem>& items) {
  if (current().model == nullptr) {
    return absl::UnavailableError(absl::StrCat("model '", name_, "' is not ready yet"));
  }
  absl::StatusOr<ServedResults> results = batcher_.Infer(items);
  metrics_->Set(kWaiting, {{"model", name_}}, batcher_.waiting());
  return results;
}

std::vector<absl::StatusOr<Example>> ModelSlot::RunBatch(
    absl::Span<const ServedItem* const> batch) {
  const auto begin = std::chrono::steady_clock::now();
  const std::shared_ptr<const ServedModel> model = current().model;
  const bool large = std::any_of(batch.begin(), batch.end(), [&model](const ServedItem* item) {
    return model->IsLarge(*item);
  });
  // Small batches on a core each use the cores better than one on all of them.
  std::optional<SerialRegion> one_thread;
  if (workers_ > 1 && !large) one_thread.emplace();
  std::vector<absl::StatusOr<Example>> results = model->Infer(batch);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const Metrics::Labels labels = {{"model", name_}};
  metrics_->Observe(kBatchSeconds, labels, took.count());
  metrics_->Observe(kBatchSize, labels, static_cast<double>(batch.size()));
  metrics_->Count(kItems, labels, static_cast<double>(batch.size()));
  for (const absl::StatusOr<Example>& result : results) {
    if (!result.ok()) metrics_->Count(kFailedItems, labels);
  }
  return results;
}

}  // namespace viv
