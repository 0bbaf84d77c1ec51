// Softmax and LogSoftmax, row by row.
#include "core/base/parallel.h"
#include "core/kernels/cpu/elementwise_rows.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/softmax_rows.h"

namespace viv {
namespace {

// Calls row(x, columns, y) for every row.
template <typename T, typename Row>
absl::Status ForEachRow(const KernelContext& c, Row row) {
  const Shape& shape = c.input(0).shape();
  const int64_t columns = shape.dim(shape.rank() - 1);
  const int64_t rows = columns == 0 ? 0 : shape.num_elements() / columns;
  ParallelFor(rows, SoftmaxGrain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      row(c.in<T>(0) + r * columns, columns, c.out<T>() + r * columns);
    }
  });
  return absl::OkStatus();
}

template <typename T>
absl::Status Softmax(const KernelContext& c) {
  return ForEachRow<T>(c, [](const T* x, int64_t n, T* y) { SoftmaxRow(x, n, y); });
}
template <typename T>
absl::Status LogSoftmax(const KernelContext& c) {
  return ForEachRow<T>(c, [](const T* x, int64_t n, T* y) {
    const T shift = LogSumExpRow(x, n);
    if constexpr (std::is_same_v<T, float>) {
      VIV_CALL_ISA(SubRow)(x, 1, &shift, 0, y, n);
    } else {
      for (int64_t j = 0; j < n; ++j) y[j] = x[j] - shift;
    }
  });
}
const bool kSoftmax = RegisterFor<float, double>(
    "Softmax", []<typename T>() { return MakeKernel(ComputeFn{&Softmax<T>}); }, {{0, 0}});
const bool kLogSoftmax = RegisterFor<float, double>(
    "LogSoftmax", []<typename T>() { return MakeKernel(ComputeFn{&LogSoftmax<T>}); }, {{0, 0}});

}  // namespace
}  // namespace viv
