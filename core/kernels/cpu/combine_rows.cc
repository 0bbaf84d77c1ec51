// CombineRows: the owner of each row is its first place; then threads share out the columns, so
// that every sum is formed in the order of the rows.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/row_table.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 15;

class CombineRowsKernel : public Kernel {
 public:
  explicit CombineRowsKernel(const KernelInit& init)
      : rows_(init.input_shapes[0].dim(0)),
        width_(init.input_shapes[1].Elements(1, init.input_shapes[1].rank())) {}

  size_t scratch_bytes() const override {
    return RowTable::ScratchBytes(rows_) + rows_ * sizeof(int64_t);
  }

  absl::Status Compute(const KernelContext& c) const override {
    auto* owners =
        reinterpret_cast<int64_t*>(static_cast<char*>(c.scratch()) + RowTable::ScratchBytes(rows_));
    if (c.input(0).dtype() == kInt32) {
      RETURN_IF_ERROR(FindOwners<int32_t>(c, owners));
    } else {
      RETURN_IF_ERROR(FindOwners<int64_t>(c, owners));
    }
    ParallelFor(width_, std::max<int64_t>(16, kGrain / std::max<int64_t>(rows_, 1)),
                [&](int64_t begin, int64_t end) { AddColumns(c, owners, begin, end); });
    return absl::OkStatus();
  }

 private:
  template <typename I>
  absl::Status FindOwners(const KernelContext& c, int64_t* owners) const {
    const I* indices = c.in<I>(0);
    I* rows = c.out<I>(0);
    const int64_t extent = c.input(2).data<int64_t>()[0];
    RowTable table(c.scratch(), rows_);
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t index = indices[i];
      if (index < 0 || index >= extent) {
        return absl::OutOfRangeError(
            absl::StrCat("index ", index, " at position ", i, " is outside [0, ", extent, ")"));
      }
      owners[i] = table.Claim(index, i);
      rows[i] = owners[i] == i ? indices[i] : I{-1};
    }
    return absl::OkStatus();
  }

  // The sums may lie in the memory of the values: an owner comes before those that it takes in.
  void AddColumns(const KernelContext& c, const int64_t* owners, int64_t begin, int64_t end) const {
    const float* values = c.in<float>(1);
    float* sums = c.out<float>(1);
    for (int64_t i = 0; i < rows_; ++i) {
      const float* from = values + i * width_;
      if (owners[i] == i) {
        if (sums != values) std::copy(from + begin, from + end, sums + i * width_ + begin);
        continue;
      }
      float* sum = sums + owners[i] * width_;
      for (int64_t j = begin; j < end; ++j) sum[j] += from[j];
      std::fill(sums + i * width_ + begin, sums + i * width_ + end, 0.0f);
    }
  }

  int64_t rows_, width_;
};
const KernelRegistration kCombineRows({.op = "CombineRows",
                                       .device = "cpu",
                                       .factory = MakeKernel<CombineRowsKernel>(),
                                       .in_place = {{1, 1}}});

}  // namespace
}  // namespace viv
