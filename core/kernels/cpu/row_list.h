// Tensors of one shape, stacked while it is not known how many there will be.
#ifndef VIV_CORE_KERNELS_CPU_ROW_LIST_H_
#define VIV_CORE_KERNELS_CPU_ROW_LIST_H_

#include "core/tensor/tensor.h"

namespace viv {

// The memory doubles when it is full: what is not used yet is not touched.
class RowList {
 public:
  RowList(DType dtype, const PartialShape& row);

  // A new row to be written into, or an invalid tensor where the shape is not known: then the row
  // is to be appended. ResourceExhausted where memory is short.
  absl::StatusOr<Tensor> Next();
  // The same shape for all rows: else RaggedRows().
  absl::Status Append(const Tensor& row);
  // All rows: [their number, ...]. Without any, unknown extents are 0.
  absl::StatusOr<Tensor> Stacked() const;
  // The same, followed by zeros where there are fewer than `rows`.
  absl::StatusOr<Tensor> Padded(int64_t rows) const;

 private:
  absl::Status Grow();

  DType dtype_;
  PartialShape row_;
  Shape shape_;  // of a row
  Tensor rows_;
  int64_t size_ = 0;
};

// The error for rows of different shapes.
absl::Status RaggedRows(const Shape& one, const Shape& other);

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ROW_LIST_H_
