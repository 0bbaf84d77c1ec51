// Save: beside the file, then renamed into place.
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/device/kernel.h"
#include "core/tensor/safetensors.h"

namespace viv {
namespace {

class SaveKernel : public Kernel {
 public:
  explicit SaveKernel(const KernelInit& init) : names_(init.attrs.Strings("names")) {}

  absl::Status Compute(const KernelContext& c) const override {
    Env* const env = c.step().env == nullptr ? Env::Default() : c.step().env;
    const std::string& path = c.input(0).scalar<std::string>();
    NamedTensors tensors;
    for (size_t i = 0; i < names_.size(); ++i) {
      tensors[names_[i]] = c.input(static_cast<int>(i) + 1);
    }
    const std::string unfinished = path + ".unfinished";
    const auto write = [&]() -> absl::Status {
      uint32_t crc = 0;
      RETURN_IF_ERROR(WriteSafetensors(env, unfinished, tensors, {}, &crc));
      {
        ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> written, env->MapFile(unfinished));
        *c.out<int64_t>(0) = static_cast<int64_t>(written->size());
      }
      *c.out<int64_t>(1) = crc;
      RETURN_IF_ERROR(env->Rename(unfinished, path));
      return env->SyncDir(DirName(path));
    };
    const absl::Status status = write();
    // What was half written only takes up space; whether that can be removed changes nothing.
    if (!status.ok()) env->Remove(unfinished).IgnoreError();
    return status;
  }

 private:
  const std::vector<std::string>& names_;
};

const KernelRegistration kSave({.op = "Save",
                                .device = "cpu",
                                .factory = MakeKernel<SaveKernel>()});

}  // namespace
}  // namespace viv
