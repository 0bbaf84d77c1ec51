// Categorical: by inversion of each row's distribution function, which is summed up in double. The
// numbers for a row are a function of the example's global index.
#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/random_key.h"

namespace viv {
namespace {

template <typename T>
class CategoricalKernel : public Kernel {
 public:
  explicit CategoricalKernel(const KernelInit& init)
      : key_(init),
        rows_(init.input_shapes[0].dim(0)),
        classes_(init.input_shapes[0].dim(1)),
        samples_(init.attrs.Int("samples")) {}

  // The running sums of all rows.
  size_t scratch_bytes() const override { return rows_ * classes_ * sizeof(double); }

  absl::Status Compute(const KernelContext& c) const override {
    const uint64_t key = key_.At(c.step());
    auto* scratch = static_cast<double*>(c.scratch());
    const int64_t grain = std::max<int64_t>(1, 2048 / (classes_ + samples_));
    ParallelFor(rows_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        double* sums = scratch + r * classes_;
        SumUp(c.in<T>(0) + r * classes_, sums);
        Draw(key, c.step().first_example + r, sums, c.out<int64_t>() + r * samples_);
      }
    });
    for (int64_t r = 0; r < rows_; ++r) {
      const double total = scratch[(r + 1) * classes_ - 1];
      if (total > 0 && std::isfinite(total)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the logits of row ", r, " are the probabilities of no class"));
    }
    return absl::OkStatus();
  }

 private:
  void SumUp(const T* logits, double* sums) const {
    double top = static_cast<Wide<T>>(logits[0]);
    for (int64_t j = 0; j < classes_; ++j) {
      sums[j] = static_cast<Wide<T>>(logits[j]);
      top = std::max(top, sums[j]);
    }
    double sum = 0;
    for (int64_t j = 0; j < classes_; ++j) sums[j] = sum += std::exp(sums[j] - top);
  }

  // A class of probability 0 has no sum of its own, and is never the first one above.
  void Draw(uint64_t key, uint64_t example, const double* sums, int64_t* classes) const {
    for (int64_t s = 0; s < samples_; ++s) {
      const auto bits = PhiloxBlock(key, example, static_cast<uint32_t>(s / 2),
                                    static_cast<uint32_t>(s / 2 >> 32));
      const int word = static_cast<int>(s % 2 * 2);
      const uint64_t wide = uint64_t{bits[word]} << 32 | bits[word + 1];
      const double u = static_cast<double>(wide >> 11) * 0x1p-53;
      const double* found = std::upper_bound(sums, sums + classes_, u * sums[classes_ - 1]);
      classes[s] = std::min<int64_t>(found - sums, classes_ - 1);
    }
  }

  const RandomKey key_;
  const int64_t rows_, classes_, samples_;
};
const bool kCategorical = RegisterFor<VIV_FLOATING>(
    "Categorical", []<typename T>() { return MakeKernel<CategoricalKernel<T>>(); });

}  // namespace
}  // namespace viv
