// Send and Receive through the rendezvous of the run.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/device/kernel.h"
#include "core/device/rendezvous.h"

namespace viv {
namespace {

absl::Status NoRendezvous(const std::string& key) {
  return absl::FailedPreconditionError(
      absl::StrCat("'", key, "' has nobody to meet: the run is on one device"));
}

class SendKernel : public Kernel {
 public:
  explicit SendKernel(const KernelInit& init) : key_(init.attrs.String("key")) {}
  absl::Status Compute(const KernelContext& c) const override {
    if (c.step().rendezvous == nullptr) return NoRendezvous(key_);
    // The memory of the run is used again, perhaps before the receiver has read it.
    ASSIGN_OR_RETURN(Tensor copy, c.input(0).Clone());
    return c.step().rendezvous->Send(key_, std::move(copy));
  }

 private:
  const std::string& key_;
};
const KernelRegistration kSend({.op = "Send",
                                .device = "cpu",
                                .factory = MakeKernel<SendKernel>()});

class ReceiveKernel : public Kernel {
 public:
  explicit ReceiveKernel(const KernelInit& init) : key_(init.attrs.String("key")) {}
  absl::Status Compute(const KernelContext& c) const override {
    if (c.step().rendezvous == nullptr) return NoRendezvous(key_);
    ASSIGN_OR_RETURN(Tensor value, c.step().rendezvous->Receive(key_));
    c.SetOutput(0, std::move(value));
    return absl::OkStatus();
  }

 private:
  const std::string& key_;
};
const KernelRegistration kReceive({.op = "Receive",
                                   .device = "cpu",
                                   .factory = MakeKernel<ReceiveKernel>()});

}  // namespace
}  // namespace viv
