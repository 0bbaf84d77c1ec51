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
  // `metrics` outlives the slot. Nothing is loaded yet.
  ModelSlot(std::string name, std::string directory, ServedModelLoader loader,
            const BatcherOptions& options, Metrics* metrics);
  // As ~Batcher.
  ~ModelSlot() = default;

  const std::string& name() const { return name_; }

  // Loads the bundle and runs what warms it up, then lets it serve. After an error the model that
  // was there stays. One call at a time.
  absl::Status Load();
  // Load() where the folder holds another bundle than the one that was loaded last, well or not.
  absl::Status ReloadIfChanged();

  // The model that serves, and the name of its version: a checksum of its bundle. Null before the
  // first Load().
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

  const std::string name_, directory_;
  const ServedModelLoader loader_;
  Metrics* const metrics_;
  // What was tried last. Only of the thread that loads.
  std::string tried_;
  mutable Mutex mutex_;
  Current current_ VIV_GUARDED_BY(mutex_);
  Batcher batcher_;
};

}  // namespace viv

#endif  // VIV_CORE_SERVING_MODEL_SLOT_H_
