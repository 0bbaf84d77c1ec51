// Tensors of one shape, stacked while it is not known how many there will be.
#ifndef VIV_CORE_KERNELS_CPU_ROW_LIST_H_
#define VIV_CORE_KERNELS_CPU_ROW_LIST_H_

#include "core/tensor/tensor.h"

namespace viv {

// The memory doubles when it is full: what is not used yet is not touched.
class RowList {
 public:
  RowList(DType dtype, PartialShape row) : dtype_(dtype), row_(std::move(row)) {}

  int64_t size() const { return size_; }
  // A new row to be written into, or an invalid tensor where the shape is not known yet: then hand
  // the first row to Put(). ResourceExhausted where memory is short.
  absl::StatusOr<Tensor> Next();
  // Sets the last row, for the first one of an unknown shape.
  absl::Status Put(const Tensor& row);
  // All rows: [size(), ...]. Without any, unknown extents are 0.
  absl::StatusOr<Tensor> Stacked() const;

 private:
  absl::Status Grow();

  DType dtype_;
  PartialShape row_;
  Tensor rows_;
  int64_t size_ = 0;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ROW_LIST_H_
