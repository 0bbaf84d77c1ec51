// The rendezvous of the devices of one process.
#ifndef VIV_CORE_RUNTIME_LOCAL_RENDEZVOUS_H_
#define VIV_CORE_RUNTIME_LOCAL_RENDEZVOUS_H_

#include <map>
#include <string>

#include "core/base/thread_annotations.h"
#include "core/device/rendezvous.h"

namespace viv {

class LocalRendezvous : public Rendezvous {
 public:
  absl::Status Send(const std::string& key, Tensor value) override;
  absl::StatusOr<Tensor> Receive(const std::string& key) override;
  void Abort(const absl::Status& status) override;

  // What the run was aborted with; OK where it was not.
  absl::Status status() const;
  // Makes it ready for another run, when nobody uses it.
  void Reset();

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<std::string, Tensor> waiting_ VIV_GUARDED_BY(mutex_);
  absl::Status status_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_LOCAL_RENDEZVOUS_H_
