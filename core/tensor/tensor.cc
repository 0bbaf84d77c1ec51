// Buffers and tensors.
#include "core/tensor/tensor.h"

#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"
#include "core/base/logging.h"

namespace viv {

absl::StatusOr<std::shared_ptr<Buffer>> Buffer::Allocate(DType dtype, int64_t elements,
                                                         Allocator* allocator) {
  int64_t bytes = 0;
  if (elements < 0 ||
      __builtin_mul_overflow(elements, static_cast<int64_t>(DTypeSize(dtype)), &bytes)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a buffer of ", elements, " elements is too large"));
  }
  absl::StatusOr<void*> data = allocator->Allocate(static_cast<size_t>(bytes));
  if (!data.ok()) return data.status();
  std::shared_ptr<Buffer> buffer(new Buffer);
  buffer->data_ = *data;
  buffer->bytes_ = static_cast<size_t>(bytes);
  buffer->allocator_ = allocator;
  if (dtype == DType::kString) {
    auto* strings = static_cast<std::string*>(*data);
    for (int64_t i = 0; i < elements; ++i) ::new (strings + i) std::string;
    buffer->strings_ = elements;
  }
  return buffer;
}

std::shared_ptr<Buffer> Buffer::Borrow(void* data, size_t bytes, std::shared_ptr<const void> owner,
                                       bool writable) {
  std::shared_ptr<Buffer> buffer(new Buffer);
  buffer->data_ = data;
  buffer->bytes_ = bytes;
  buffer->owner_ = std::move(owner);
  buffer->writable_ = writable;
  return buffer;
}

Buffer::~Buffer() {
  if (allocator_ == nullptr) return;
  auto* strings = static_cast<std::string*>(data_);
  for (int64_t i = 0; i < strings_; ++i) strings[i].~basic_string();
  allocator_->Deallocate(data_, bytes_);
}

absl::StatusOr<Tensor> Tensor::Make(DType dtype, const Shape& shape, Allocator* allocator) {
  absl::StatusOr<std::shared_ptr<Buffer>> buffer =
      Buffer::Allocate(dtype, shape.num_elements(), allocator);
  if (!buffer.ok()) return buffer.status();
  return Tensor(dtype, shape, *std::move(buffer));
}

absl::StatusOr<Tensor> Tensor::Zeros(DType dtype, const Shape& shape) {
  absl::StatusOr<Tensor> tensor = Make(dtype, shape);
  if (tensor.ok() && dtype != DType::kString && tensor->bytes() > 0) {
    std::memset(tensor->raw(), 0, tensor->bytes());
  }
  return tensor;
}

Tensor Tensor::Rows(int64_t begin, int64_t end) const {
  Shape shape = shape_;
  shape.set_dim(0, end - begin);
  const size_t row = shape_.Elements(1, rank()) * DTypeSize(dtype_);
  return Tensor(dtype_, std::move(shape), buffer_, offset_ + begin * row);
}

Tensor Tensor::Row(int64_t i) const {
  Shape shape(shape_.dims().subspan(1));
  const size_t row = shape.num_elements() * DTypeSize(dtype_);
  return Tensor(dtype_, std::move(shape), buffer_, offset_ + i * row);
}

void Tensor::AdvanceRow(int64_t delta) {
  offset_ += delta * static_cast<int64_t>(bytes());
  SetData();
}

absl::StatusOr<Tensor> Tensor::Clone() const {
  absl::StatusOr<Tensor> copy = Make(dtype_, shape_);
  if (copy.ok()) copy->CopyFrom(*this);
  return copy;
}

void Tensor::CopyFrom(const Tensor& source) {
  DCHECK(dtype_ == source.dtype_ && num_elements() == source.num_elements());
  if (dtype_ == DType::kString) {
    for (int64_t i = 0; i < num_elements(); ++i) {
      mutable_data<std::string>()[i] = source.data<std::string>()[i];
    }
  } else if (bytes() > 0) {
    std::memmove(data_, source.data_, bytes());
  }
}

double Tensor::ElementAsDouble(int64_t i) const {
  switch (dtype_) {
    case DType::kFloat:
      return data<float>()[i];
    case DType::kDouble:
      return data<double>()[i];
    case DType::kBFloat16:
      return static_cast<float>(data<BFloat16>()[i]);
    case DType::kHalf:
      return static_cast<float>(data<Half>()[i]);
    default:
      return static_cast<double>(ElementAsInt(i));
  }
}

int64_t Tensor::ElementAsInt(int64_t i) const {
  switch (dtype_) {
    case DType::kInt8:
      return data<int8_t>()[i];
    case DType::kUInt8:
      return data<uint8_t>()[i];
    case DType::kInt32:
      return data<int32_t>()[i];
    case DType::kInt64:
      return data<int64_t>()[i];
    case DType::kBool:
      return data<bool>()[i];
    default:
      LOG(FATAL) << "element of type " << DTypeName(dtype_) << " asked for as an integer";
  }
}

std::string Tensor::ToString(int64_t max_elements) const {
  if (!valid()) return "invalid tensor";
  std::string out = absl::StrCat(DTypeName(dtype_), shape_.ToString(), " {");
  const int64_t n = num_elements();
  for (int64_t i = 0; i < n && i < max_elements; ++i) {
    if (i > 0) absl::StrAppend(&out, ", ");
    if (dtype_ == DType::kString) {
      absl::StrAppend(&out, "\"", data<std::string>()[i], "\"");
    } else if (IsFloating(dtype_)) {
      absl::StrAppend(&out, ElementAsDouble(i));
    } else {
      absl::StrAppend(&out, ElementAsInt(i));
    }
  }
  absl::StrAppend(&out, n > max_elements ? ", ...}" : "}");
  return out;
}

bool Tensor::Identical(const Tensor& other) const {
  if (dtype_ != other.dtype_ || !(shape_ == other.shape_)) return false;
  if (dtype_ == DType::kString) return flat<std::string>() == other.flat<std::string>();
  return bytes() == 0 || std::memcmp(data_, other.data_, bytes()) == 0;
}

void DieOfBadTensorLiteral(const std::string& why) { LOG(FATAL) << why; }

}  // namespace viv
