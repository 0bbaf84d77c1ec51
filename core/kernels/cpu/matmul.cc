// MatMul: oneDNN's sgemm in float, Eigen in double.
#include <Eigen/Core>

#include "absl/strings/str_cat.h"
#include "core/device/kernel.h"
#include "dnnl.h"

namespace viv {
namespace {

class FloatMatMul : public Kernel {
 public:
  explicit FloatMatMul(const KernelInit& init)
      : ta_(init.attrs.Bool("transpose_a")),
        tb_(init.attrs.Bool("transpose_b")),
        m_(init.input_shapes[0].dim(ta_)),
        k_(init.input_shapes[0].dim(1 - ta_)),
        n_(init.input_shapes[1].dim(1 - tb_)) {}

  absl::Status Compute(const KernelContext& c) const override {
    if (m_ == 0 || n_ == 0) return absl::OkStatus();
    if (k_ == 0) {
      std::fill_n(c.out<float>(), m_ * n_, 0.0f);
      return absl::OkStatus();
    }
    const dnnl_status_t status =
        dnnl_sgemm(ta_ ? 'T' : 'N', tb_ ? 'T' : 'N', m_, n_, k_, 1.0f, c.in<float>(0),
                   ta_ ? m_ : k_, c.in<float>(1), tb_ ? k_ : n_, 0.0f, c.out<float>(), n_);
    return status == dnnl_success
               ? absl::OkStatus()
               : absl::InternalError(absl::StrCat("oneDNN's sgemm failed with code ", status));
  }

 private:
  int ta_, tb_;
  int64_t m_, k_, n_;
};
const KernelRegistration kFloat32({.op = "MatMul",
                                   .device = "cpu",
                                   .types = {{"T", kFloat}},
                                   .factory = MakeKernel<FloatMatMul>()});

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class DoubleMatMul : public Kernel {
 public:
  explicit DoubleMatMul(const KernelInit& init)
      : ta_(init.attrs.Bool("transpose_a")), tb_(init.attrs.Bool("transpose_b")) {}

  absl::Status Compute(const KernelContext& c) const override {
    const Eigen::Map<const Matrix> x(c.in<double>(0), c.input(0).dim(0), c.input(0).dim(1));
    const Eigen::Map<const Matrix> y(c.in<double>(1), c.input(1).dim(0), c.input(1).dim(1));
    Eigen::Map<Matrix> z(c.out<double>(), c.output(0).dim(0), c.output(0).dim(1));
    if (ta_ && tb_) {
      z.noalias() = x.transpose() * y.transpose();
    } else if (ta_) {
      z.noalias() = x.transpose() * y;
    } else if (tb_) {
      z.noalias() = x * y.transpose();
    } else {
      z.noalias() = x * y;
    }
    return absl::OkStatus();
  }

 private:
  bool ta_, tb_;
};
const KernelRegistration kFloat64({.op = "MatMul",
                                   .device = "cpu",
                                   .types = {{"T", kDouble}},
                                   .factory = MakeKernel<DoubleMatMul>()});

}  // namespace
}  // namespace viv
