// Gemm. Measured: up to some rows it does not pay to pack b, and oneDNN's sgemm reads it as it is.
#include "core/kernels/cpu/gemm.h"

#include <Eigen/Core>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "dnnl.h"

namespace viv {
namespace {

constexpr int64_t kUnpackedRows = 48;

}  // namespace

absl::Status Gemm(const GemmArgs<float>& g) {
  if (g.m == 0 || g.n == 0) return absl::OkStatus();
  if (g.k == 0 || g.m > kUnpackedRows) return Multiply(ToProduct(g, Terms::kFloat));
  const dnnl_status_t status =
      dnnl_sgemm(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k, 1.0f, g.a,
                 g.lda, g.b, g.ldb, g.accumulate ? 1.0f : 0.0f, g.c, g.ldc);
  return status == dnnl_success
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat("oneDNN's sgemm failed with code ", status));
}

absl::Status Gemm(const GemmArgs<double>& g) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Strided = Eigen::OuterStride<>;
  if (g.m == 0 || g.n == 0) return absl::OkStatus();
  for (int64_t i = 0; i < g.m && !g.accumulate; ++i) std::fill_n(g.c + i * g.ldc, g.n, 0.0);
  if (g.k == 0) return absl::OkStatus();
  const auto map = [](const double* data, bool transposed, int64_t rows, int64_t columns,
                      int64_t stride) {
    return Eigen::Map<const Matrix, 0, Strided>(data, transposed ? columns : rows,
                                                transposed ? rows : columns, Strided(stride));
  };
  const auto a = map(g.a, g.transpose_a, g.m, g.k, g.lda);
  const auto b = map(g.b, g.transpose_b, g.k, g.n, g.ldb);
  Eigen::Map<Matrix, 0, Strided> c(g.c, g.m, g.n, Strided(g.ldc));
  if (g.transpose_a && g.transpose_b) {
    c.noalias() += a.transpose() * b.transpose();
  } else if (g.transpose_a) {
    c.noalias() += a.transpose() * b;
  } else if (g.transpose_b) {
    c.noalias() += a * b.transpose();
  } else {
    c.noalias() += a * b;
  }
  return absl::OkStatus();
}

}  // namespace viv
