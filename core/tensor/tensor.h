// A tensor: an element type, a shape and a reference to a buffer that several tensors may share.
#ifndef VIV_CORE_TENSOR_TENSOR_H_
#define VIV_CORE_TENSOR_TENSOR_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/tensor/allocator.h"
#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"

namespace viv {

// A block of memory. Elements of string tensors are constructed and destroyed by it.
class Buffer {
 public:
  // `elements` of `dtype`; string elements are constructed.
  static absl::StatusOr<std::shared_ptr<Buffer>> Allocate(DType dtype, int64_t elements,
                                                          Allocator* allocator);
  // Borrows `data`; `owner` is kept alive as long as the buffer (a mapped file, an arena).
  static std::shared_ptr<Buffer> Borrow(void* data, size_t bytes, std::shared_ptr<const void> owner,
                                        bool writable);

  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  // False for read-only memory such as a mapped file.
  bool writable() const { return writable_; }

 private:
  Buffer() = default;

  void* data_ = nullptr;
  size_t bytes_ = 0;
  int64_t strings_ = 0;
  bool writable_ = true;
  Allocator* allocator_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// A value type; a copy shares the buffer. Elements are contiguous and row-major. Reading is safe
// from several threads; writing needs that nobody else uses the buffer (see `unique`).
class Tensor {
 public:
  // kInvalid, no buffer.
  Tensor() = default;
  // Views `buffer` from `offset` bytes on; the caller sees to it that the elements fit.
  Tensor(DType dtype, Shape shape, std::shared_ptr<Buffer> buffer, size_t offset = 0)
      : dtype_(dtype), shape_(std::move(shape)), buffer_(std::move(buffer)), offset_(offset) {
    SetData();
  }

  // Uninitialised numbers, empty strings. ResourceExhausted where memory is short.
  static absl::StatusOr<Tensor> Make(DType dtype, const Shape& shape,
                                     Allocator* allocator = Allocator::Cpu());
  static absl::StatusOr<Tensor> Zeros(DType dtype, const Shape& shape);

  // Small values, for tests, constants and options. Dies where memory is short or the counts
  // differ.
  template <typename T>
  static Tensor Of(const Shape& shape, absl::Span<const T> values);
  template <typename T>
  static Tensor Of(const Shape& shape, std::initializer_list<T> values) {
    return Of<T>(shape, absl::Span<const T>(values.begin(), values.size()));
  }
  template <typename T>
  static Tensor Vector(absl::Span<const T> values) {
    return Of<T>(Shape({static_cast<int64_t>(values.size())}), values);
  }
  template <typename T>
  static Tensor Scalar(T value) {
    return Of<T>(Shape(), absl::Span<const T>(&value, 1));
  }
  static Tensor Scalar(const char* value) { return Scalar(std::string(value)); }

  bool valid() const { return dtype_ != DType::kInvalid; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t dim(int i) const { return shape_.dim(i); }
  int64_t num_elements() const { return shape_.num_elements(); }
  size_t bytes() const { return num_elements() * DTypeSize(dtype_); }
  const std::shared_ptr<Buffer>& buffer() const { return buffer_; }

  void* raw() const { return data_; }
  // T must be the C++ type of dtype(): DTypeOf<T> == dtype().
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(data_);
  }
  template <typename T>
  T* mutable_data() {
    return static_cast<T*>(data_);
  }
  template <typename T>
  absl::Span<const T> flat() const {
    // Not in braces: of bools they would make a list of two.
    return absl::Span<const T>(data<T>(), static_cast<size_t>(num_elements()));
  }
  template <typename T>
  absl::Span<T> mutable_flat() {
    return absl::Span<T>(mutable_data<T>(), static_cast<size_t>(num_elements()));
  }
  // The only element. Needs num_elements() == 1.
  template <typename T>
  const T& scalar() const {
    return *data<T>();
  }

  // Whether nobody else refers to the buffer and it may be written.
  bool unique() const {
    return buffer_ != nullptr && buffer_.use_count() == 1 && buffer_->writable();
  }

  // The same elements under another shape of as many elements.
  Tensor Reshaped(const Shape& shape) const { return Tensor(dtype_, shape, buffer_, offset_); }
  // A view of rows [begin, end) of the outermost dimension.
  Tensor Rows(int64_t begin, int64_t end) const;
  // A view of row `i`, without the outermost dimension.
  Tensor Row(int64_t i) const;
  // Moves a view made by Row() to another row of the same tensor without touching the reference
  // count: `delta` rows further.
  void AdvanceRow(int64_t delta);
  // A copy with a buffer of its own.
  absl::StatusOr<Tensor> Clone() const;
  // Copies the elements of `source`, which has the same dtype and number of elements.
  void CopyFrom(const Tensor& source);

  // Element `i` as a number; needs a numeric or boolean dtype.
  double ElementAsDouble(int64_t i) const;
  // Element `i` as an integer; needs an integer or boolean dtype.
  int64_t ElementAsInt(int64_t i) const;

  // "float[2, 3] {1, 2, 3, ...}" with at most `max_elements` of them.
  std::string ToString(int64_t max_elements = 8) const;
  // Same dtype, shape and bits.
  bool Identical(const Tensor& other) const;

 private:
  void SetData() {
    data_ = buffer_ == nullptr ? nullptr : static_cast<char*>(buffer_->data()) + offset_;
  }

  DType dtype_ = DType::kInvalid;
  Shape shape_;
  std::shared_ptr<Buffer> buffer_;
  size_t offset_ = 0;
  void* data_ = nullptr;
};

// Out of line, so that this header needs no logging.
[[noreturn]] void DieOfBadTensorLiteral(const std::string& why);

template <typename T>
Tensor Tensor::Of(const Shape& shape, absl::Span<const T> values) {
  static_assert(DTypeOf<T> != DType::kInvalid);
  absl::StatusOr<Tensor> tensor = Make(DTypeOf<T>, shape);
  if (!tensor.ok()) DieOfBadTensorLiteral(std::string(tensor.status().message()));
  if (shape.num_elements() != static_cast<int64_t>(values.size())) {
    DieOfBadTensorLiteral("the number of values does not fit the shape " + shape.ToString());
  }
  T* out = tensor->mutable_data<T>();
  for (size_t i = 0; i < values.size(); ++i) out[i] = values[i];
  return *std::move(tensor);
}

}  // namespace viv

#endif  // VIV_CORE_TENSOR_TENSOR_H_
