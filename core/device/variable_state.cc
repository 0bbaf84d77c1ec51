// Variables: copy-on-write values.
#include "core/device/variable_state.h"

#include <atomic>

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
  ASSIGN_OR_RETURN(Tensor copy, value.Clone());
  return Share(std::move(copy));
}

absl::Status VariableState::Share(Tensor value) {
  if (value.dtype() != dtype_ || !shape_.Compatible(value.shape())) {
    return absl::InvalidArgumentError(
        absl::StrCat("variable '", name_, "' is ", DTypeName(dtype_), shape_.ToString(),
                     " and cannot hold ", DTypeName(value.dtype()), value.shape().ToString()));
  }
  value_ = std::move(value);
  BumpVersion();
  return absl::OkStatus();
}

}  // namespace viv
