// The state behind a variable node.
#ifndef VIV_CORE_DEVICE_VARIABLE_STATE_H_
#define VIV_CORE_DEVICE_VARIABLE_STATE_H_

#include <cstdint>
#include <string>

#include "core/tensor/tensor.h"

namespace viv {

// A value and its version. Not synchronised by itself: the session that owns it lets runs take
// snapshots (copies of the tensor) and commits updates under its lock. A writer copies a value that
// a snapshot still holds, so a snapshot never changes.
//
// A commit has two halves: all updates prepare, in order, then all write, in the same order. What
// was prepared cannot fail (but for want of memory, where a run gives a variable two new shapes).
class VariableState {
 public:
  VariableState(std::string name, DType dtype, PartialShape shape);

  const std::string& name() const { return name_; }
  DType dtype() const { return dtype_; }
  const PartialShape& shape() const { return shape_; }

  // FailedPrecondition before the first assignment.
  absl::StatusOr<Tensor> Read() const;
  bool initialized() const { return value_.valid(); }
  const Tensor& value() const { return value_; }
  // Prepares for writing in place through Mutable(): the tensor that will be written, of the shape
  // that the updates prepared before leave. InvalidArgument where the variable has another type.
  absl::StatusOr<const Tensor*> PrepareMutable(DType dtype);
  // Prepares for Assign() of a value of this type and shape.
  absl::Status PrepareAssign(DType dtype, const Shape& shape);
  // Where the commit fails: forgets what was prepared.
  void CancelPrepared() { next_ = Tensor(); }

  // The value for writing in place, after a copy where others refer to it.
  absl::StatusOr<Tensor*> Mutable();
  // Another value of the same type and a compatible shape, copied: the value of a run lies in
  // memory that the next run uses again.
  absl::Status Assign(const Tensor& value);
  // The same without a copy, for a tensor that nobody writes any more (a mapped checkpoint).
  absl::Status Share(Tensor value);

  // Unique in the process; with version() the key of what is derived from a value (packed weights).
  uint64_t id() const { return id_; }
  // Grows with every change.
  uint64_t version() const { return version_; }
  void BumpVersion() { ++version_; }

 private:
  // InvalidArgument where the variable cannot hold such a value.
  absl::Status CheckHolds(DType dtype, const Shape& shape) const;

  std::string name_;
  DType dtype_;
  PartialShape shape_;
  uint64_t id_;
  uint64_t version_ = 0;
  Tensor value_;
  // Memory of the value after a prepared Assign(), where it is not the present value's.
  Tensor next_;
};

}  // namespace viv

#endif  // VIV_CORE_DEVICE_VARIABLE_STATE_H_
