// Gather and ScatterAdd: rows by index.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

absl::Status CheckIndices(const Tensor& indices, int64_t rows) {
  for (int64_t i = 0; i < indices.num_elements(); ++i) {
    const int64_t index = indices.ElementAsInt(i);
    if (index < 0 || index >= rows) {
      return absl::OutOfRangeError(
          absl::StrCat("index ", index, " at position ", i, " is outside [0, ", rows, ")"));
    }
  }
  return absl::OkStatus();
}

absl::Status Gather(const KernelContext& c) {
  const Tensor& x = c.input(0);
  const Tensor& indices = c.input(1);
  RETURN_IF_ERROR(CheckIndices(indices, x.dim(0)));
  const int64_t row = x.shape().Elements(1, x.rank());
  const size_t bytes = row * DTypeSize(x.dtype());
  for (int64_t i = 0; i < indices.num_elements() && bytes > 0; ++i) {
    const int64_t index = indices.ElementAsInt(i);
    if (x.dtype() == kString) {
      std::copy_n(x.data<std::string>() + index * row, row, c.out<std::string>() + i * row);
    } else {
      std::memcpy(c.out<char>() + i * bytes, c.in<char>(0) + index * bytes, bytes);
    }
  }
  return absl::OkStatus();
}
const KernelRegistration kGather("Gather", "cpu", {}, &Gather);

template <typename T>
absl::Status ScatterAdd(const KernelContext& c) {
  const Tensor& indices = c.input(0);
  const Shape& shape = c.output(0).shape();
  RETURN_IF_ERROR(CheckIndices(indices, shape.dim(0)));
  const int64_t row = shape.Elements(1, shape.rank());
  std::fill_n(c.out<T>(), shape.num_elements(), T{0});
  for (int64_t i = 0; i < indices.num_elements(); ++i) {
    T* to = c.out<T>() + indices.ElementAsInt(i) * row;
    const T* from = c.in<T>(1) + i * row;
    for (int64_t j = 0; j < row; ++j) to[j] += from[j];
  }
  return absl::OkStatus();
}
const bool kScatterAdd = RegisterFor<float, double>(
    "ScatterAdd", []<typename T>() { return MakeKernel(ComputeFn{&ScatterAdd<T>}); });

}  // namespace
}  // namespace viv
