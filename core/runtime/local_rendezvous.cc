// A table of tensors under a lock.
#include "core/runtime/local_rendezvous.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace viv {

absl::Status LocalRendezvous::Send(const std::string& key, Tensor value) {
  {
    MutexLock lock(mutex_);
    if (!status_.ok()) return status_;
    if (!waiting_.emplace(key, std::move(value)).second) {
      return absl::InternalError(absl::StrCat("'", key, "' was sent twice"));
    }
  }
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::StatusOr<Tensor> LocalRendezvous::Receive(const std::string& key) {
  MutexLock lock(mutex_);
  while (true) {
    if (!status_.ok()) return status_;
    if (const auto found = waiting_.find(key); found != waiting_.end()) {
      Tensor value = std::move(found->second);
      waiting_.erase(found);
      return value;
    }
    changed_.Wait(mutex_);
  }
}

void LocalRendezvous::Abort(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    if (status_.ok()) status_ = status;
  }
  changed_.NotifyAll();
}

absl::Status LocalRendezvous::status() const {
  MutexLock lock(mutex_);
  return status_;
}

void LocalRendezvous::Reset() {
  MutexLock lock(mutex_);
  waiting_.clear();
  status_ = absl::OkStatus();
}

}  // namespace viv
