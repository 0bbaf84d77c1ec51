// Variables: copy-on-write values.
#include "core/device/variable_state.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {

VariableState::VariableState(std::string name, DType dtype, PartialShape shape)
    : name_(std::move(name)), dtype_(dtype), shape_(std::move(shape)) {
  static std::atomic<uint64_t> next_id{1};
  id_ = next_id.fetch_add(1, std::memory_order_relaxed);
}

absl::StatusOr<Tensor> VariableState::Read() const {
  if (initialized()) return value_;
  return absl::FailedPreconditionError(absl::StrCat(
      "variable '", name_, "' has no value yet: call Initialize() or Restore() first"));
}

absl::Status VariableState::CheckHolds(DType dtype, const Shape& shape) const {
  if (dtype == dtype_ && shape_.Compatible(shape)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("variable '", name_, "' is ", DTypeName(dtype_),
                                                 shape_.ToString(), " and cannot hold ",
                                                 DTypeName(dtype), shape.ToString()));
}

absl::StatusOr<const Tensor*> VariableState::PrepareMutable(DType dtype) {
  if (dtype != dtype_) {
    return absl::InvalidArgumentError(
        absl::StrCat("variable '", name_, "' is ", DTypeName(dtype_), ", not ", DTypeName(dtype)));
  }
  if (next_.valid()) return &next_;
  RETURN_IF_ERROR(Mutable().status());
  return &value_;
}

absl::Status VariableState::PrepareAssign(DType dtype, const Shape& shape) {
  RETURN_IF_ERROR(CheckHolds(dtype, shape));
  const bool fits =
      next_.valid() ? next_.shape() == shape : value_.unique() && value_.shape() == shape;
  if (fits) return absl::OkStatus();
  ASSIGN_OR_RETURN(next_, Tensor::Make(dtype, shape));
  return absl::OkStatus();
}

absl::StatusOr<Tensor*> VariableState::Mutable() {
  RETURN_IF_ERROR(Read().status());
  if (!value_.unique()) {
    ASSIGN_OR_RETURN(value_, value_.Clone());
  }
  return &value_;
}

absl::Status VariableState::Assign(const Tensor& value) {
  if (value.dtype() == dtype_ && value_.unique() && value_.shape() == value.shape()) {
    value_.CopyFrom(value);
    BumpVersion();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckHolds(value.dtype(), value.shape()));
  Tensor next = std::exchange(next_, Tensor());
  if (!next.valid() || next.shape() != value.shape()) {
    ASSIGN_OR_RETURN(next, Tensor::Make(dtype_, value.shape()));
  }
  next.CopyFrom(value);
  return Share(std::move(next));
}

absl::Status VariableState::Share(Tensor value) {
  RETURN_IF_ERROR(CheckHolds(value.dtype(), value.shape()));
  value_ = std::move(value);
  BumpVersion();
  return absl::OkStatus();
}

}  // namespace viv
