// SoftmaxCrossEntropy and its gradient, row by row: the loss reads a row twice while it is in the
// cache, the gradient once.
#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/softmax_rows.h"

namespace viv {
namespace {

// What is no logit is of type Wide<T>.
template <typename T>
class LossKernel : public Kernel {
 public:
  using W = Wide<T>;

  explicit LossKernel(const KernelInit& init)
      : smoothing_(static_cast<Wide<T>>(init.attrs.Float("label_smoothing"))),
        ignored_(init.attrs.Int("ignored_label")) {}

 protected:
  absl::Status CheckLabels(const Tensor& labels, int64_t classes) const {
    for (int64_t i = 0; i < labels.num_elements(); ++i) {
      const int64_t label = labels.ElementAsInt(i);
      if ((label < 0 || label >= classes) && label != ignored_) {
        return absl::OutOfRangeError(
            absl::StrCat("label ", label, " of row ", i, " is outside [0, ", classes, ")"));
      }
    }
    return absl::OkStatus();
  }

  const Wide<T> smoothing_;
  const int64_t ignored_;
};

template <typename T>
class Loss : public LossKernel<T> {
 public:
  using LossKernel<T>::LossKernel;
  using W = Wide<T>;

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t rows = c.input(0).dim(0), classes = c.input(0).dim(1);
    RETURN_IF_ERROR(this->CheckLabels(c.input(1), classes));
    ParallelFor(rows, SoftmaxGrain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        Row(c.in<T>(0) + r * classes, c.input(1).ElementAsInt(r), classes, c.out<W>(0) + r,
            c.out<W>(1) + r);
      }
    });
    return absl::OkStatus();
  }

 private:
  void Row(const T* z, int64_t label, int64_t classes, W* loss, W* log_sum) const {
    *loss = *log_sum = 0;
    if (label == this->ignored_) return;
    *log_sum = LogSumExpRow(z, classes);
    const W smoothing = this->smoothing_;
    *loss = *log_sum - (1 - smoothing) * static_cast<W>(z[label]);
    if (smoothing > 0) *loss -= smoothing * SumRow(z, classes) / static_cast<W>(classes);
  }
};

template <typename T>
class LossGrad : public LossKernel<T> {
 public:
  using W = Wide<T>;

  explicit LossGrad(const KernelInit& init)
      : LossKernel<T>(init), against_target_(init.attrs.Bool("against_target")) {}

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t rows = c.input(0).dim(0), classes = c.input(0).dim(1);
    RETURN_IF_ERROR(this->CheckLabels(c.input(1), classes));
    ParallelFor(rows, SoftmaxGrain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        Row(c.in<T>(0) + r * classes, c.input(1).ElementAsInt(r), classes, c.in<W>(2)[r],
            c.in<W>(3)[r], c.out<T>() + r * classes);
      }
    });
    return absl::OkStatus();
  }

 private:
  void Row(const T* z, int64_t label, int64_t classes, W weight, W log_sum, T* out) const {
    if (label == this->ignored_) {
      std::fill_n(out, classes, T());
    } else if (against_target_) {
      const W smoothing = this->smoothing_, spread = weight * smoothing / static_cast<W>(classes);
      if constexpr (kIs16Bit<T>) {
        // Rounded once; `out` may be `z`.
        const W share = std::exp(static_cast<W>(z[label]) - log_sum);
        ScaledExpRow(z, classes, log_sum, weight, spread, out);
        out[label] = T(weight * (share - 1 + smoothing) - spread);
      } else {
        ScaledExpRow(z, classes, log_sum, weight, spread, out);
        out[label] -= weight * (1 - smoothing);
      }
    } else {
      ScaledExpRow(z, classes, log_sum, weight, 0, out);
    }
  }

  const bool against_target_;
};

const bool kLoss = RegisterFor<float, double, BFloat16>(
    "SoftmaxCrossEntropy", []<typename T>() { return MakeKernel<Loss<T>>(); });
const bool kLossGrad = RegisterFor<float, double, BFloat16>(
    "SoftmaxCrossEntropyGrad", []<typename T>() { return MakeKernel<LossGrad<T>>(); }, {{0, 0}});

}  // namespace
}  // namespace viv
