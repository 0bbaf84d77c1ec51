// A place of a server that a model is in: loads it, makes it ready, batches requests to it, and
// puts a new one in when its folder changes, while the old one goes on answering.
#ifndef VIV_CORE_SERVING_MODEL_SLOT_H_
#define VIV_CORE_SERVING_MODEL_SLOT_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/thread_annotations.h"
#include "core/serving/batcher.h"
#include "core/serving/metrics.h"
#include "core/serving/served_model.h"

namespace viv {

// Safe for concurrent use.
class ModelSlot {
 public:
  // `metrics` outlives the slot. `files`: what the loader reads beside the bundle. Nothing is
  // loaded yet.
  ModelSlot(std::string name, std::string directory, ServedModelLoader loader,
            const BatcherOptions& options, Metrics* metrics, std::vector<std::string> files = {});
  // As ~Batcher.
  ~ModelSlot() = default;

  const std::string& name() const { return name_; }

  // Loads the bundle and runs what warms it up, then lets it serve. After an error the model that
  // was there stays. One call at a time.
  absl::Status Load();
  // Load() where the folder or a file holds something else than what was loaded last, well or not.
  absl::Status ReloadIfChanged();

  // The model that serves, and the name of its version: a checksum of what it is made of. Null
  // before the first Load().
  struct Current {
    std::shared_ptr<const ServedModel> model;
    std::string version;
  };
  Current current() const;

  // Blocks until the items are answered; Unavailable before the first Load(), and as Batcher.
  absl::StatusOr<ServedResults> Infer(const std::vector<ServedItem>& items);

  static void DeclareMetrics(Metrics& metrics);

 private:
  std::vector<absl::StatusOr<Example>> RunBatch(absl::Span<const ServedItem* const> batch);
  absl::Status LoadVersion(const std::string& version);
  absl::StatusOr<std::string> VersionOnDisk() const;

  const std::string name_, directory_;
  const ServedModelLoader loader_;
  const std::vector<std::string> files_;
  Metrics* const metrics_;
  const int workers_;
  // What was tried last. Only of the thread that loads.
  std::string tried_;
  mutable Mutex mutex_;
  Current current_ VIV_GUARDED_BY(mutex_);
  Batcher batcher_;
};

}  // namespace viv

#endif  // VIV_CORE_SERVING_MODEL_SLOT_H_
