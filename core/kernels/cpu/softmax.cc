// Softmax, SoftmaxCrossEntropy and its gradient: row by row, shifted by the row's maximum.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Rows worth about 20 us.
int64_t RowGrain(int64_t columns) {
  return std::max<int64_t>(1, 8192 / std::max<int64_t>(1, columns));
}

template <typename T>
absl::Status Softmax(const KernelContext& c) {
  const Shape& shape = c.input(0).shape();
  const int64_t columns = shape.dim(shape.rank() - 1);
  const int64_t rows = columns == 0 ? 0 : shape.num_elements() / columns;
  ParallelFor(rows, RowGrain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* x = c.in<T>(0) + r * columns;
      T* y = c.out<T>() + r * columns;
      const T top = *std::max_element(x, x + columns);
      T sum = 0;
      for (int64_t j = 0; j < columns; ++j) sum += y[j] = std::exp(x[j] - top);
      for (int64_t j = 0; j < columns; ++j) y[j] /= sum;
    }
  });
  return absl::OkStatus();
}
const bool kSoftmax = RegisterFor<float, double>(
    "Softmax", []<typename T>() { return MakeKernel(ComputeFn{&Softmax<T>}); }, {{0, 0}});

absl::Status CheckLabels(const Tensor& labels, int64_t classes) {
  for (int64_t i = 0; i < labels.num_elements(); ++i) {
    const int64_t label = labels.ElementAsInt(i);
    if (label < 0 || label >= classes) {
      return absl::OutOfRangeError(
          absl::StrCat("label ", label, " of row ", i, " is outside [0, ", classes, ")"));
    }
  }
  return absl::OkStatus();
}

template <typename T>
class LossKernel : public Kernel {
 public:
  LossKernel(const KernelInit& init, bool gradient)
      : smoothing_(static_cast<T>(init.attrs.Float("label_smoothing"))), gradient_(gradient) {}

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t rows = c.input(0).dim(0), classes = c.input(0).dim(1);
    RETURN_IF_ERROR(CheckLabels(c.input(1), classes));
    ParallelFor(rows, RowGrain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* z = c.in<T>(0) + r * classes;
        const int64_t label = c.input(1).ElementAsInt(r);
        if (gradient_) {
          GradientRow(z, label, c.in<T>(2)[r], classes, c.out<T>() + r * classes);
        } else {
          c.out<T>()[r] = Loss(z, label, classes);
        }
      }
    });
    return absl::OkStatus();
  }

 private:
  T Loss(const T* z, int64_t label, int64_t classes) const {
    const T top = *std::max_element(z, z + classes);
    double sum = 0, mean = 0;
    for (int64_t j = 0; j < classes; ++j) {
      sum += std::exp(z[j] - top);
      mean += z[j];
    }
    mean /= static_cast<double>(classes);
    return static_cast<T>(top + std::log(sum) - (1 - smoothing_) * z[label] - smoothing_ * mean);
  }

  void GradientRow(const T* z, int64_t label, T weight, int64_t classes, T* out) const {
    const T top = *std::max_element(z, z + classes);
    const T label_logit = z[label];
    T sum = 0;
    for (int64_t j = 0; j < classes; ++j) sum += out[j] = std::exp(z[j] - top);
    const T scale = weight / sum;
    const T everywhere = weight * smoothing_ / static_cast<T>(classes);
    const T at_label = std::exp(label_logit - top);
    for (int64_t j = 0; j < classes; ++j) out[j] = out[j] * scale - everywhere;
    out[label] = at_label * scale - everywhere - weight * (1 - smoothing_);
  }

  T smoothing_;
  bool gradient_;
};

template <typename T, bool kGradient>
absl::StatusOr<std::unique_ptr<Kernel>> MakeLoss(const KernelInit& init) {
  return std::unique_ptr<Kernel>(std::make_unique<LossKernel<T>>(init, kGradient));
}
const bool kLoss = RegisterFor<float, double>(
    "SoftmaxCrossEntropy", []<typename T>() { return KernelFactory(&MakeLoss<T, false>); });
const bool kLossGrad = RegisterFor<float, double>(
    "SoftmaxCrossEntropyGrad", []<typename T>() { return KernelFactory(&MakeLoss<T, true>); },
    {{0, 0}});

}  // namespace
}  // namespace viv
