// One buffer that grows.
#include "core/kernels/cpu/row_list.h"

#include <algorithm>

#include "core/base/status.h"
#include "core/kernels/cpu/function_call.h"

namespace viv {
namespace {

absl::StatusOr<Shape> StackedShape(int64_t rows, const Shape& row) {
  std::vector<int64_t> dims = {rows};
  dims.insert(dims.end(), row.dims().begin(), row.dims().end());
  return Shape::Checked(dims);
}

}  // namespace

absl::Status RowList::Grow() {
  constexpr int64_t kFirst = 16;
  const int64_t capacity = rows_.valid() ? rows_.dim(0) : 0;
  ASSIGN_OR_RETURN(const Shape shape, StackedShape(std::max(kFirst, 2 * capacity), row_.ToShape()));
  ASSIGN_OR_RETURN(Tensor grown, Tensor::Make(dtype_, shape));
  if (size_ > 0) grown.Rows(0, size_).CopyFrom(rows_.Rows(0, size_));
  rows_ = std::move(grown);
  return absl::OkStatus();
}

absl::StatusOr<Tensor> RowList::Next() {
  if (row_.fully_defined()) {
    if (!rows_.valid() || size_ == rows_.dim(0)) RETURN_IF_ERROR(Grow());
    return rows_.Row(size_++);
  }
  ++size_;
  return Tensor();
}

absl::Status RowList::Put(const Tensor& row) {
  row_ = row.shape();
  if (!rows_.valid()) RETURN_IF_ERROR(Grow());
  rows_.Row(size_ - 1).CopyFrom(row);
  return absl::OkStatus();
}

absl::StatusOr<Tensor> RowList::Stacked() const {
  if (rows_.valid()) return rows_.Rows(0, size_);
  ASSIGN_OR_RETURN(const Shape shape, StackedShape(0, EmptyShape(row_)));
  return Tensor::Make(dtype_, shape);
}

}  // namespace viv
