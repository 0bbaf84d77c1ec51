// LayerNorm and LayerNormGrad, row by row.
#include <algorithm>

#include "core/base/parallel.h"
#include "core/kernels/cpu/layer_norm_rows.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

template <typename T>
class LayerNormKernel : public Kernel {
 public:
  explicit LayerNormKernel(const KernelInit& init)
      : epsilon_(static_cast<T>(init.attrs.Float("epsilon"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t n = c.input(1).dim(0), rows = c.output(1).num_elements();
    if (n == 0) {
      // The mean of nothing.
      for (const int i : {1, 2}) std::fill_n(c.out<T>(i), rows, T{0});
      return absl::OkStatus();
    }
    ParallelFor(rows, std::max<int64_t>(1, 32768 / n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        LayerNormRow(c.in<T>(0) + r * n, c.in<T>(1), c.in<T>(2), n, epsilon_, c.out<T>(0) + r * n,
                     c.out<T>(1) + r, c.out<T>(2) + r);
      }
    });
    return absl::OkStatus();
  }

 private:
  const T epsilon_;
};

template <typename T>
class LayerNormGradKernel : public Kernel {
 public:
  explicit LayerNormGradKernel(const KernelInit& init)
      : width_(init.input_shapes[1].dim(0)),
        rows_(init.input_shapes[2].num_elements()),
        parts_(std::clamp<int64_t>(rows_ * width_ / 32768, 1, 16)) {}

  // For each part of the rows its sums for the gradients of scale and bias.
  size_t scratch_bytes() const override { return parts_ * 2 * width_ * sizeof(T); }

  absl::Status Compute(const KernelContext& c) const override {
    T* sums = static_cast<T*>(c.scratch());
    std::fill_n(sums, parts_ * 2 * width_, T{0});
    ParallelFor(parts_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) Part(c, p, sums + 2 * p * width_);
    });
    for (const int i : {0, 1}) {
      T* out = c.out<T>(1 + i);
      std::fill_n(out, width_, T{0});
      for (int64_t p = 0; p < parts_; ++p) {
        const T* part = sums + (2 * p + i) * width_;
        for (int64_t j = 0; j < width_; ++j) out[j] += part[j];
      }
    }
    return absl::OkStatus();
  }

 private:
  void Part(const KernelContext& c, int64_t part, T* sums) const {
    const int64_t end = rows_ * (part + 1) / parts_;
    for (int64_t r = rows_ * part / parts_; r < end && width_ > 0; ++r) {
      const int64_t at = r * width_;
      LayerNormGradRow(c.in<T>(0) + at, c.in<T>(1), c.in<T>(4) + at, width_, c.in<T>(2)[r],
                       c.in<T>(3)[r], c.out<T>(0) + at, sums, sums + width_);
    }
  }

  const int64_t width_, rows_, parts_;
};

const bool kLayerNorm = RegisterFor<float, double>(
    "LayerNorm", []<typename T>() { return MakeKernel<LayerNormKernel<T>>(); }, {{0, 0}});
const bool kLayerNormGrad = RegisterFor<float, double>(
    "LayerNormGrad", []<typename T>() { return MakeKernel<LayerNormGradKernel<T>>(); },
    {{0, 0}, {4, 0}});

}  // namespace
}  // namespace viv
