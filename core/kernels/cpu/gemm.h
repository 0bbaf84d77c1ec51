// Matrix products inside of kernels, row-major: in float and bfloat16 the engine of packed_gemm.h
// or, for few rows, oneDNN; in double Eigen.
#ifndef VIV_CORE_KERNELS_CPU_GEMM_H_
#define VIV_CORE_KERNELS_CPU_GEMM_H_

#include <cstdint>
#include <type_traits>

#include "absl/status/status.h"
#include "core/kernels/cpu/packed_gemm.h"

namespace viv {

// c = op(a) op(b), or c += op(a) op(b) with `accumulate`, with op(a): [m, k], op(b): [k, n], c:
// [m, n]; op transposes where the flag says so. The leading dimensions are the elements between two
// rows in memory. Extents may be 0. Parallel inside.
template <typename A, typename B = A, typename C = A>
struct GemmArgs {
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  const A* a = nullptr;
  int64_t lda = 0;
  const B* b = nullptr;
  int64_t ldb = 0;
  bool accumulate = false;
  C* c = nullptr;
  int64_t ldc = 0;
};
absl::Status Gemm(const GemmArgs<float>& args);
absl::Status Gemm(const GemmArgs<double>& args);

// The product for the engine.
template <typename A, typename B, typename C>
Product ToProduct(const GemmArgs<A, B, C>& g, Terms terms) {
  Product p = {.terms = terms,
               .m = g.m,
               .n = g.n,
               .k = g.k,
               .a = MatrixView(g.a, g.lda, g.transpose_a),
               .b = MatrixView(g.b, g.ldb, g.transpose_b),
               .accumulate = g.accumulate,
               .ldc = g.ldc};
  if constexpr (std::is_same_v<C, float>) {
    p.c = g.c;
  } else {
    p.c_bfloat16 = g.c;
  }
  return p;
}

// Operands of which one at least is bfloat16: floats are rounded to it.
template <typename A, typename B, typename C>
absl::Status Gemm(const GemmArgs<A, B, C>& args) {
  static_assert(std::is_same_v<A, BFloat16> || std::is_same_v<B, BFloat16>);
  return Multiply(ToProduct(args, Terms::kBFloat16));
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_GEMM_H_
