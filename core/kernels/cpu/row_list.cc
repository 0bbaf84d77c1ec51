// One buffer that grows.
#include "core/kernels/cpu/row_list.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
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

absl::Status RaggedRows(const Shape& one, const Shape& other) {
  return absl::InvalidArgumentError(
      absl::StrCat("a value that is kept of each step has shape ", one.ToString(), " in one and ",
                   other.ToString(),
                   " in another: where the gradient of a While inside a loop is taken, it must "
                   "have max_steps or "
                   "make as many steps each time"));
}

RowList::RowList(DType dtype, const PartialShape& row) : dtype_(dtype), row_(row) {
  if (row.fully_defined()) shape_ = row.ToShape();
}

absl::Status RowList::Grow() {
  constexpr int64_t kFirst = 16;
  const int64_t capacity = rows_.valid() ? rows_.dim(0) : 0;
  ASSIGN_OR_RETURN(const Shape shape, StackedShape(std::max(kFirst, 2 * capacity), shape_));
  ASSIGN_OR_RETURN(Tensor grown, Tensor::Make(dtype_, shape));
  if (capacity > 0) grown.Rows(0, capacity).CopyFrom(rows_);
  rows_ = std::move(grown);
  return absl::OkStatus();
}

absl::StatusOr<Tensor> RowList::Next() {
  if (!row_.fully_defined()) return Tensor();
  if (!rows_.valid() || size_ == rows_.dim(0)) RETURN_IF_ERROR(Grow());
  return rows_.Row(size_++);
}

absl::Status RowList::Append(const Tensor& row) {
  if (rows_.valid() && !(row.shape() == shape_)) return RaggedRows(shape_, row.shape());
  if (!rows_.valid() || size_ == rows_.dim(0)) {
    shape_ = row.shape();
    RETURN_IF_ERROR(Grow());
  }
  rows_.Row(size_++).CopyFrom(row);
  return absl::OkStatus();
}

absl::StatusOr<Tensor> RowList::Stacked() const {
  if (rows_.valid()) return rows_.Rows(0, size_);
  ASSIGN_OR_RETURN(const Shape shape, StackedShape(0, EmptyShape(row_)));
  return Tensor::Make(dtype_, shape);
}

absl::StatusOr<Tensor> RowList::Padded(int64_t rows) const {
  if (size_ > rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("there were ", size_, " steps, more than max_steps = ", rows));
  }
  ASSIGN_OR_RETURN(const Shape shape, StackedShape(rows, size_ > 0 ? shape_ : EmptyShape(row_)));
  ASSIGN_OR_RETURN(Tensor padded, Tensor::Zeros(dtype_, shape));
  if (size_ > 0) padded.Rows(0, size_).CopyFrom(rows_.Rows(0, size_));
  return padded;
}

}  // namespace viv
