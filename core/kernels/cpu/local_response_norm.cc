// LocalResponseNorm and LocalResponseNormGrad, row by row.
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/kernels/cpu/local_response_norm_rows.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

struct OneDouble {
  using V = double;
  static constexpr int64_t kWidth = 1;
  static double Load(const double* p) { return *p; }
  static void Store(double* p, double v) { *p = v; }
  static double Splat(double v) { return v; }
  static double InversePower(double s, double beta) { return std::pow(s, -beta); }
};

void Row(const LocalResponse<float>& p, const float* x, float* y) {
  VIV_CALL_ISA(LocalResponseRow)(p, x, y);
}
void Row(const LocalResponse<double>& p, const double* x, double* y) {
  LocalResponseLoop<OneDouble, OneDouble>(p, x, y);
}
void GradRow(const LocalResponse<float>& p, const float* x, const float* dy, float* work,
             float* dx) {
  VIV_CALL_ISA(LocalResponseGradRow)(p, x, dy, work, dx);
}
void GradRow(const LocalResponse<double>& p, const double* x, const double* dy, double* work,
             double* dx) {
  LocalResponseGradLoop<OneDouble, OneDouble>(p, x, dy, work, dx);
}

template <typename T>
class LocalResponseKernel : public Kernel {
 public:
  explicit LocalResponseKernel(const KernelInit& init) {
    const Shape& x = init.input_shapes[0];
    const int64_t size = init.attrs.Int("size");
    p_ = {.channels = x.dim(x.rank() - 1),
          .half = size / 2,
          .share = static_cast<T>(init.attrs.Float("alpha") / static_cast<double>(size)),
          .beta = static_cast<T>(init.attrs.Float("beta")),
          .bias = static_cast<T>(init.attrs.Float("bias"))};
    rows_ = p_.channels == 0 ? 0 : x.num_elements() / p_.channels;
  }

  absl::Status Compute(const KernelContext& c) const override {
    ForParts([&](int64_t, int64_t begin, int64_t end) {
      for (int64_t at = begin * p_.channels; at < end * p_.channels; at += p_.channels) {
        Row(p_, c.in<T>(0) + at, c.out<T>() + at);
      }
    });
    return absl::OkStatus();
  }

 protected:
  static constexpr int64_t kParts = 64;
  // Calls f(part, first row, end) for at most kParts parts of the rows.
  template <typename F>
  void ForParts(F f) const {
    const int64_t parts = std::clamp<int64_t>(rows_ * p_.channels / 16384, 1, kParts);
    ParallelFor(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) f(i, rows_ * i / parts, rows_ * (i + 1) / parts);
    });
  }

  LocalResponse<T> p_;
  int64_t rows_;
};

template <typename T>
class LocalResponseGradKernel : public LocalResponseKernel<T> {
 public:
  using LocalResponseKernel<T>::LocalResponseKernel;

  // A row for each part.
  size_t scratch_bytes() const override { return this->kParts * this->p_.channels * sizeof(T); }

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t n = this->p_.channels;
    this->ForParts([&](int64_t part, int64_t begin, int64_t end) {
      T* work = static_cast<T*>(c.scratch()) + part * n;
      for (int64_t at = begin * n; at < end * n; at += n) {
        GradRow(this->p_, c.in<T>(0) + at, c.in<T>(1) + at, work, c.out<T>() + at);
      }
    });
    return absl::OkStatus();
  }
};

const bool kLocalResponseNorm = RegisterFor<float, double>(
    "LocalResponseNorm", []<typename T>() { return MakeKernel<LocalResponseKernel<T>>(); });
const bool kLocalResponseNormGrad = RegisterFor<float, double>(
    "LocalResponseNormGrad", []<typename T>() { return MakeKernel<LocalResponseGradKernel<T>>(); });

}  // namespace
}  // namespace viv
