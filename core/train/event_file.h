// Event files, which TensorBoard shows: curves, images and texts over the steps of a run.
#ifndef VIV_CORE_TRAIN_EVENT_FILE_H_
#define VIV_CORE_TRAIN_EVENT_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/tensor/tensor.h"

namespace viv {

struct EventFileOptions {
  // Of a run that is resumed: the first step that it does (again). TensorBoard then forgets what
  // the directory's earlier files hold from this step on. 0: a new run.
  int64_t first_step = 0;
  // An event that comes so much later than the last flush takes all events to the file system.
  double flush_seconds = 10;
  // Seconds since 1970; the system's clock where empty.
  std::function<double()> now;
};

// A file "events.out.tfevents.<time>.<host>.<process>.<number>". TensorBoard reads a directory's
// files in the order of their names, so the time is later than that of every file that is there
// already. Not safe for concurrent use.
class EventFile {
 public:
  // A new file in `directory`, which is made where it is missing.
  static absl::StatusOr<std::unique_ptr<EventFile>> Create(Env* env, const std::string& directory,
                                                           const EventFileOptions& options = {});
  virtual ~EventFile() = default;

  // Tags and texts are UTF-8 (else InvalidArgument); "train/loss" is shown as "loss" in the group
  // "train".
  virtual absl::Status AddScalar(int64_t step, const std::string& tag, double value) = 0;
  // `image`: uint8 [H, W, C] of 1 to 4 channels, as EncodePng() takes it.
  virtual absl::Status AddImage(int64_t step, const std::string& tag, const Tensor& image) = 0;
  // `text`: Markdown.
  virtual absl::Status AddText(int64_t step, const std::string& tag, absl::string_view text) = 0;

  virtual absl::Status Flush() = 0;
  // Flushes and says whether that went well, which the destructor does not. Whatever is added
  // afterwards is FailedPrecondition.
  virtual absl::Status Close() = 0;

  virtual const std::string& path() const = 0;
};

}  // namespace viv

#endif  // VIV_CORE_TRAIN_EVENT_FILE_H_
