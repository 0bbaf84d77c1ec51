// The safetensors format (https://github.com/huggingface/safetensors): named tensors in one file
// that is mapped, not read. Eight bytes of header length, a header of JSON, then the elements.
#ifndef VIV_CORE_TENSOR_SAFETENSORS_H_
#define VIV_CORE_TENSOR_SAFETENSORS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/tensor/tensor.h"

namespace viv {

using NamedTensors = std::map<std::string, Tensor>;

// Writes and syncs the file (not atomically: checkpoints are directories that are renamed, and
// bundles are written once). InvalidArgument for tensors of strings, which the format lacks.
// `checksum`, where not null, gets the CRC-32 (zlib's) of the whole file.
absl::Status WriteSafetensors(Env* env, const std::string& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata = {},
                              uint32_t* checksum = nullptr);

// The tensors are views of the mapping, which they keep alive; those that lie unaligned are copied.
struct SafetensorsContents {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
  std::shared_ptr<const MappedFile> file;
};

// Nothing in the file is trusted: DataLoss, naming the path and what is wrong, for one that is
// truncated or whose header lies.
absl::StatusOr<SafetensorsContents> ReadSafetensors(Env* env, const std::string& path);

// CRC-32 of a block of any size.
uint32_t Crc32(const void* data, size_t bytes, uint32_t seed = 0);

}  // namespace viv

#endif  // VIV_CORE_TENSOR_SAFETENSORS_H_
