// Matrix products inside of kernels, row-major: oneDNN in float, Eigen in double.
#ifndef VIV_CORE_KERNELS_CPU_GEMM_H_
#define VIV_CORE_KERNELS_CPU_GEMM_H_

#include <cstdint>

#include "absl/status/status.h"

namespace viv {

// c = op(a) op(b) + beta c with op(a): [m, k], op(b): [k, n], c: [m, n]; op transposes where the
// flag says so. The leading dimensions are the elements between two rows in memory. Extents may be
// 0. Parallel inside.
template <typename T>
struct GemmArgs {
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  int64_t lda = 0;
  const T* b = nullptr;
  int64_t ldb = 0;
  T beta = 0;
  T* c = nullptr;
  int64_t ldc = 0;
};
absl::Status Gemm(const GemmArgs<float>& args);
absl::Status Gemm(const GemmArgs<double>& args);

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_GEMM_H_
