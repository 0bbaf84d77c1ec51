// Where tensors pass from one device to another within a run.
#ifndef VIV_CORE_DEVICE_RENDEZVOUS_H_
#define VIV_CORE_DEVICE_RENDEZVOUS_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// One run's exchange. Each key is sent once and received once. Safe for concurrent use.
class Rendezvous {
 public:
  virtual ~Rendezvous() = default;
  // Hands over `value`, which nobody writes afterwards. Does not block.
  virtual absl::Status Send(const std::string& key, Tensor value) = 0;
  // Blocks until the value is there or the run is aborted.
  virtual absl::StatusOr<Tensor> Receive(const std::string& key) = 0;
  // Wakes all who wait, now and later, with `status`. The first call counts.
  virtual void Abort(const absl::Status& status) = 0;
};

}  // namespace viv

#endif  // VIV_CORE_DEVICE_RENDEZVOUS_H_
