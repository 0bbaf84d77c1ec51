// Tensors are laid out by falling element size, so that each is aligned without gaps (the format
// forbids those); the header is padded with spaces until the data begins on a cache line.
#include "core/tensor/safetensors.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr size_t kAlignment = 64;
constexpr uint64_t kMaxHeaderBytes = 100 << 20;  // the reference implementation's limit
constexpr char kMetadataKey[] = "__metadata__";

struct TypeName {
  DType dtype;
  const char* name;
};
constexpr TypeName kTypeNames[] = {{kDouble, "F64"}, {kFloat, "F32"}, {kBFloat16, "BF16"},
                                   {kHalf, "F16"},   {kInt64, "I64"}, {kInt32, "I32"},
                                   {kInt8, "I8"},    {kUInt8, "U8"},  {kBool, "BOOL"}};

const char* FormatName(DType dtype) {
  for (const TypeName& type : kTypeNames) {
    if (type.dtype == dtype) return type.name;
  }
  return nullptr;
}

DType FormatType(const std::string& name) {
  for (const TypeName& type : kTypeNames) {
    if (name == type.name) return type.dtype;
  }
  return kInvalid;
}

absl::StatusOr<std::string> MakeHeader(
    const std::vector<std::pair<std::string, const Tensor*>>& ordered,
    const std::map<std::string, std::string>& metadata) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  size_t offset = 0;
  for (const auto& [name, tensor] : ordered) {
    const char* type = FormatName(tensor->dtype());
    if (type == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", name, "': the safetensors format has no type ", DTypeName(tensor->dtype())));
    }
    std::vector<int64_t> shape;
    for (int i = 0; i < tensor->rank(); ++i) shape.push_back(tensor->dim(i));
    header[name] = {
        {"dtype", type}, {"shape", shape}, {"data_offsets", {offset, offset + tensor->bytes()}}};
    offset += tensor->bytes();
  }
  std::string text;
  RETURN_IF_ERROR(RunGuarded("a name is not valid UTF-8", [&] { text = header.dump(); }));
  const size_t end = sizeof(uint64_t) + text.size();
  text.append((kAlignment - end % kAlignment) % kAlignment, ' ');
  return text;
}

// The entry of one tensor, checked against the bytes that follow the header.
absl::StatusOr<Tensor> TensorOf(const nlohmann::json& entry, size_t data_begin,
                                const std::shared_ptr<const MappedFile>& file) {
  const DType dtype = FormatType(entry.at("dtype").get<std::string>());
  if (dtype == kInvalid) return absl::DataLossError("its type is unknown");
  const auto extents = entry.at("shape").get<std::vector<int64_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<uint64_t>>();
  if (offsets.size() != 2) return absl::DataLossError("it has no two offsets");
  const uint64_t available = file->size() - data_begin;
  if (offsets[0] > offsets[1] || offsets[1] > available) {
    return absl::DataLossError("it reaches beyond the end of the file, which may be truncated");
  }
  uint64_t bytes = DTypeSize(dtype);
  for (const int64_t extent : extents) {
    if (extent < 0 || (extent > 0 && bytes > available / static_cast<uint64_t>(extent))) {
      return absl::DataLossError("its shape does not fit its bytes");
    }
    bytes *= static_cast<uint64_t>(extent);
  }
  if (bytes != offsets[1] - offsets[0]) {
    return absl::DataLossError("its shape does not fit its bytes");
  }
  const Shape shape{absl::Span<const int64_t>(extents)};
  char* data = const_cast<char*>(file->data()) + data_begin + offsets[0];
  if (reinterpret_cast<uintptr_t>(data) % DTypeSize(dtype) == 0) {
    return Tensor(dtype, shape, Buffer::Borrow(data, bytes, file, /*writable=*/false));
  }
  ASSIGN_OR_RETURN(Tensor copy, Tensor::Make(dtype, shape));
  std::memcpy(copy.raw(), data, bytes);
  return copy;
}

absl::Status ParseHeader(const std::string& header, size_t data_begin,
                         SafetensorsContents* contents) {
  const nlohmann::json json = nlohmann::json::parse(header);
  if (!json.is_object()) return absl::DataLossError("its header is no JSON object");
  for (const auto& [name, entry] : json.items()) {
    if (name == kMetadataKey) {
      contents->metadata = entry.get<std::map<std::string, std::string>>();
      continue;
    }
    absl::StatusOr<Tensor> tensor = TensorOf(entry, data_begin, contents->file);
    if (!tensor.ok()) return Annotate(tensor.status(), absl::StrCat("tensor '", name, "'"));
    contents->tensors[name] = *std::move(tensor);
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t Crc32(const void* data, size_t bytes, uint32_t seed) {
  return static_cast<uint32_t>(crc32_z(seed, static_cast<const Bytef*>(data), bytes));
}

absl::Status WriteSafetensors(Env* env, const std::string& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata,
                              uint32_t* checksum) {
  std::vector<std::pair<std::string, const Tensor*>> ordered;
  for (const auto& [name, tensor] : tensors) ordered.emplace_back(name, &tensor);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return DTypeSize(a.second->dtype()) > DTypeSize(b.second->dtype());
  });
  ASSIGN_OR_RETURN(const std::string header, MakeHeader(ordered, metadata));
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env->NewWritableFile(path));
  uint32_t crc = 0;
  const auto append = [&](const void* data, size_t bytes) {
    if (checksum != nullptr) crc = Crc32(data, bytes, crc);
    return file->Append(absl::string_view(static_cast<const char*>(data), bytes));
  };
  const uint64_t length = header.size();
  RETURN_IF_ERROR(append(&length, sizeof(length)));
  RETURN_IF_ERROR(append(header.data(), header.size()));
  for (const auto& [name, tensor] : ordered) {
    RETURN_IF_ERROR(append(tensor->raw(), tensor->bytes()));
  }
  if (checksum != nullptr) *checksum = crc;
  RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

absl::StatusOr<SafetensorsContents> ReadSafetensors(Env* env, const std::string& path) {
  SafetensorsContents contents;
  ASSIGN_OR_RETURN(contents.file, env->MapFile(path));
  const size_t size = contents.file->size();
  uint64_t length = 0;
  if (size < sizeof(length)) {
    return absl::DataLossError(absl::StrCat(path, ": too short for a safetensors file"));
  }
  std::memcpy(&length, contents.file->data(), sizeof(length));
  if (length > kMaxHeaderBytes || length > size - sizeof(length)) {
    return absl::DataLossError(
        absl::StrCat(path, ": is no safetensors file, or is truncated: a header of ", length,
                     " bytes does not fit into ", size));
  }
  const std::string header(contents.file->data() + sizeof(length), length);
  absl::Status status;
  // What the JSON library throws (syntax, types, missing keys) means a damaged header.
  const absl::Status guarded = RunGuarded("its header is damaged", [&] {
    status = ParseHeader(header, sizeof(length) + length, &contents);
  });
  if (!guarded.ok()) status = absl::DataLossError(guarded.message());
  if (!status.ok()) return Annotate(status, path);
  return contents;
}

}  // namespace viv
