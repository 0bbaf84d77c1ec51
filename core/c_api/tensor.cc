// Tensors of the C API.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/c_api/handles.h"

using viv::Buffer;
using viv::DType;
using viv::Shape;
using viv::Tensor;
using viv::c_api::Alive;
using viv::c_api::Check;
using viv::c_api::CheckArray;
using viv::c_api::Guarded;
using viv::c_api::Make;
using viv::c_api::ToDType;
using viv::c_api::ToShape;

namespace {

using Handle = absl::StatusOr<std::unique_ptr<VivTensor>>;

bool IsText(const VivTensor* tensor) { return tensor->tensor.dtype() == DType::kString; }

// Whether `bytes` bytes of numbers are a tensor of this type and shape.
absl::StatusOr<std::pair<DType, Shape>> CheckMemory(VivDType dtype, const int64_t* dims,
                                                    int32_t rank, const void* data, size_t bytes) {
  ASSIGN_OR_RETURN(const DType type, ToDType(dtype));
  ASSIGN_OR_RETURN(const Shape shape, ToShape(dims, rank));
  if (type == DType::kString) {
    return absl::InvalidArgumentError("strings do not lie in plain memory");
  }
  const uint64_t wanted = static_cast<uint64_t>(shape.num_elements()) * viv::DTypeSize(type);
  if (wanted != bytes) {
    return absl::InvalidArgumentError(absl::StrCat(viv::DTypeName(type), shape.ToString(),
                                                   " takes ", wanted, " bytes, not ", bytes));
  }
  RETURN_IF_ERROR(CheckArray(data, static_cast<int64_t>(bytes), "elements"));
  const auto* flags = static_cast<const uint8_t*>(data);
  for (size_t i = 0; type == DType::kBool && i < bytes; ++i) {
    if (flags[i] > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("element ", i, " is ", flags[i], ", neither 0 nor 1"));
    }
  }
  return std::make_pair(type, shape);
}

absl::Status CheckElement(const VivTensor* tensor, int64_t i) {
  RETURN_IF_ERROR(Check(tensor, "the tensor"));
  if (!IsText(tensor)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tensor of ", viv::DTypeName(tensor->tensor.dtype()), " has no strings"));
  }
  if (i >= 0 && i < tensor->tensor.num_elements()) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("there is no element ", i, " of ", tensor->tensor.num_elements()));
}

// Makes the memory the handle's own, to write to.
absl::Status MakeWritable(VivTensor* tensor) {
  RETURN_IF_ERROR(Check(tensor, "the tensor"));
  if (tensor->kind == VivTensor::Kind::kInput) {
    return absl::FailedPreconditionError("an input of a kernel is not written to");
  }
  if (tensor->kind == VivTensor::Kind::kOutput || tensor->tensor.unique()) return absl::OkStatus();
  ASSIGN_OR_RETURN(tensor->tensor, tensor->tensor.Clone());
  return absl::OkStatus();
}

// Calls `release` when it goes.
class Releaser {
 public:
  Releaser(void (*release)(void*), void* argument) : release_(release), argument_(argument) {}
  ~Releaser() {
    if (release_ != nullptr) release_(argument_);
  }
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

 private:
  void (*release_)(void*);
  void* argument_;
};

}  // namespace

const char* VivDTypeName(VivDType dtype) { return viv::DTypeName(static_cast<DType>(dtype)); }
size_t VivDTypeSize(VivDType dtype) {
  return dtype == VIV_STRING ? 0 : viv::DTypeSize(static_cast<DType>(dtype));
}

VivTensor* VivTensorNew(VivDType dtype, const int64_t* dims, int32_t rank, VivStatus* status) {
  return Make<VivTensor>(status, [&]() -> Handle {
    ASSIGN_OR_RETURN(const DType type, ToDType(dtype));
    ASSIGN_OR_RETURN(const Shape shape, ToShape(dims, rank));
    ASSIGN_OR_RETURN(Tensor tensor, Tensor::Make(type, shape));
    if (type != DType::kString && tensor.bytes() > 0) std::memset(tensor.raw(), 0, tensor.bytes());
    return std::make_unique<VivTensor>(std::move(tensor));
  });
}

VivTensor* VivTensorFromMemory(VivDType dtype, const int64_t* dims, int32_t rank, const void* data,
                               size_t bytes, VivStatus* status) {
  return Make<VivTensor>(status, [&]() -> Handle {
    ASSIGN_OR_RETURN(const auto checked, CheckMemory(dtype, dims, rank, data, bytes));
    ASSIGN_OR_RETURN(Tensor tensor, Tensor::Make(checked.first, checked.second));
    if (bytes > 0) std::memcpy(tensor.raw(), data, bytes);
    return std::make_unique<VivTensor>(std::move(tensor));
  });
}

VivTensor* VivTensorBorrow(VivDType dtype, const int64_t* dims, int32_t rank, void* data,
                           size_t bytes, void (*release)(void* argument), void* argument,
                           VivStatus* status) {
  return Make<VivTensor>(status, [&]() -> Handle {
    ASSIGN_OR_RETURN(const auto checked, CheckMemory(dtype, dims, rank, data, bytes));
    if (reinterpret_cast<uintptr_t>(data) % viv::DTypeSize(checked.first) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the memory is not aligned to ", viv::DTypeSize(checked.first), " bytes"));
    }
    auto owner = std::make_shared<const Releaser>(release, argument);
    auto buffer = Buffer::Borrow(data, bytes, std::move(owner), /*writable=*/false);
    return std::make_unique<VivTensor>(Tensor(checked.first, checked.second, std::move(buffer)));
  });
}

VivTensor* VivTensorFromStrings(const int64_t* dims, int32_t rank, const char* const* strings,
                                const size_t* lengths, VivStatus* status) {
  return Make<VivTensor>(status, [&]() -> Handle {
    ASSIGN_OR_RETURN(const Shape shape, ToShape(dims, rank));
    RETURN_IF_ERROR(CheckArray(strings, shape.num_elements(), "strings"));
    ASSIGN_OR_RETURN(Tensor tensor, Tensor::Make(DType::kString, shape));
    for (int64_t i = 0; i < shape.num_elements(); ++i) {
      if (strings[i] == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat("string ", i, " is NULL"));
      }
      const size_t length = lengths == nullptr ? std::strlen(strings[i]) : lengths[i];
      tensor.mutable_data<std::string>()[i].assign(strings[i], length);
    }
    return std::make_unique<VivTensor>(std::move(tensor));
  });
}

VivTensor* VivTensorShare(const VivTensor* tensor, VivStatus* status) {
  return Make<VivTensor>(status, [&]() -> Handle {
    RETURN_IF_ERROR(Check(tensor, "the tensor"));
    // The memory of a kernel's tensors is used again after its run.
    if (tensor->kind == VivTensor::Kind::kOwned) return std::make_unique<VivTensor>(tensor->tensor);
    ASSIGN_OR_RETURN(Tensor copy, tensor->tensor.Clone());
    return std::make_unique<VivTensor>(std::move(copy));
  });
}

void VivTensorFree(VivTensor* tensor) {
  if (Alive(tensor) && tensor->kind == VivTensor::Kind::kOwned) viv::c_api::Free(tensor);
}

VivDType VivTensorDType(const VivTensor* tensor) {
  return Alive(tensor) ? viv::c_api::FromDType(tensor->tensor.dtype()) : VIV_INVALID;
}
int32_t VivTensorRank(const VivTensor* tensor) { return Alive(tensor) ? tensor->tensor.rank() : 0; }
int64_t VivTensorDim(const VivTensor* tensor, int32_t i) {
  return i >= 0 && i < VivTensorRank(tensor) ? tensor->tensor.dim(i) : -1;
}
int64_t VivTensorElements(const VivTensor* tensor) {
  return Alive(tensor) && tensor->tensor.valid() ? tensor->tensor.num_elements() : 0;
}
size_t VivTensorBytes(const VivTensor* tensor) {
  return Alive(tensor) && tensor->tensor.valid() && !IsText(tensor) ? tensor->tensor.bytes() : 0;
}
const void* VivTensorData(const VivTensor* tensor) {
  return Alive(tensor) && !IsText(tensor) ? tensor->tensor.raw() : nullptr;
}

void* VivTensorMutableData(VivTensor* tensor, VivStatus* status) {
  void* data = nullptr;
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(tensor, "the tensor"));
    if (IsText(tensor)) return absl::InvalidArgumentError("strings do not lie in plain memory");
    RETURN_IF_ERROR(MakeWritable(tensor));
    data = tensor->tensor.raw();
    return absl::OkStatus();
  });
  return data;
}

const char* VivTensorString(const VivTensor* tensor, int64_t i, size_t* length, VivStatus* status) {
  const std::string* text = nullptr;
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckElement(tensor, i));
    text = &tensor->tensor.data<std::string>()[i];
    return absl::OkStatus();
  });
  if (length != nullptr) *length = text == nullptr ? 0 : text->size();
  return text == nullptr ? nullptr : text->c_str();
}

VivCode VivTensorSetString(VivTensor* tensor, int64_t i, const char* data, size_t length,
                           VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckElement(tensor, i));
    RETURN_IF_ERROR(CheckArray(data, static_cast<int64_t>(length), "characters"));
    RETURN_IF_ERROR(MakeWritable(tensor));
    tensor->tensor.mutable_data<std::string>()[i].assign(length == 0 ? "" : data, length);
    return absl::OkStatus();
  });
}

char* VivTensorToText(const VivTensor* tensor, int64_t max_elements) {
  return Alive(tensor) ? viv::c_api::NewText(tensor->tensor.ToString(max_elements)) : nullptr;
}
