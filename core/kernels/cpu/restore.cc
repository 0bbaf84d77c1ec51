// Restore: views of the mapped file.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/device/kernel.h"
#include "core/tensor/safetensors.h"

namespace viv {
namespace {

class RestoreKernel : public Kernel {
 public:
  explicit RestoreKernel(const KernelInit& init)
      : names_(init.attrs.Strings("names")),
        dtypes_(init.attrs.Types("dtypes")),
        shapes_(init.attrs.Get<std::vector<PartialShape>>("shapes")) {}

  absl::Status Compute(const KernelContext& c) const override {
    Env* const env = c.step().env == nullptr ? Env::Default() : c.step().env;
    const std::string& path = c.input(0).scalar<std::string>();
    ASSIGN_OR_RETURN(const SafetensorsContents contents, ReadSafetensors(env, path));
    const int64_t crc = c.input(1).scalar<int64_t>();
    if (crc >= 0 && Crc32(contents.file->data(), contents.file->size()) != crc) {
      return absl::DataLossError(
          absl::StrCat(path, ": damaged: its checksum is not what was noted when it was saved"));
    }
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto found = contents.tensors.find(names_[i]);
      if (found == contents.tensors.end()) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": there is no value for '", names_[i], "'"));
      }
      const Tensor& tensor = found->second;
      if (tensor.dtype() != dtypes_[i] || !shapes_[i].Compatible(tensor.shape())) {
        return absl::InvalidArgumentError(absl::StrCat(
            path, ": '", names_[i], "' is ", DTypeName(tensor.dtype()), tensor.shape().ToString(),
            ", not ", DTypeName(dtypes_[i]), shapes_[i].ToString()));
      }
      c.SetOutput(static_cast<int>(i), tensor);
    }
    for (const auto& [name, tensor] : contents.tensors) {
      if (std::find(names_.begin(), names_.end(), name) != names_.end()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": nobody asks for the value of '", name, "'"));
    }
    return absl::OkStatus();
  }

 private:
  const std::vector<std::string>& names_;
  const std::vector<DType>& dtypes_;
  const std::vector<PartialShape>& shapes_;
};

const KernelRegistration kRestore({.op = "Restore",
                                   .device = "cpu",
                                   .factory = MakeKernel<RestoreKernel>()});

}  // namespace
}  // namespace viv
