// The product with the recurrent weights that a layer computes at every step.
#ifndef VIV_CORE_KERNELS_CPU_RECURRENT_PRODUCT_H_
#define VIV_CORE_KERNELS_CPU_RECURRENT_PRODUCT_H_

#include <type_traits>

#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/packed_gemm.h"

namespace viv {

// c = a W or a W^T, or adds it to c, for one W: [rows, columns] and many a. In float, W is packed
// where the steps repay it.
template <typename T>
class RecurrentProduct {
 public:
  RecurrentProduct(int64_t rows, int64_t columns, bool transpose, int64_t steps)
      : rows_(rows),
        columns_(columns),
        transpose_(transpose),
        packed_(std::is_same_v<T, float> && steps > 1) {}

  // Scratch memory that Prepare and Multiply need, aligned to a cache line.
  size_t scratch_bytes() const { return packed_ ? PackedBytes(inner(), outer()) : 0; }

  void Prepare(const T* weights, void* scratch) const {
    if constexpr (std::is_same_v<T, float>) {
      if (packed_) {
        PackMatrix(weights, columns_, transpose_, inner(), outer(), static_cast<float*>(scratch));
      }
    }
  }

  // a: [m, inner], c: [m, outer], without gaps between rows.
  absl::Status Multiply(int64_t m, const T* a, const T* weights, const void* scratch,
                        bool accumulate, T* c) const {
    if constexpr (std::is_same_v<T, float>) {
      if (packed_) {
        PackedGemm(m, outer(), inner(), a, inner(), static_cast<const float*>(scratch), accumulate,
                   c, outer());
        return absl::OkStatus();
      }
    }
    return Gemm(GemmArgs<T>{.transpose_b = transpose_,
                            .m = m,
                            .n = outer(),
                            .k = inner(),
                            .a = a,
                            .lda = inner(),
                            .b = weights,
                            .ldb = columns_,
                            .beta = accumulate ? T{1} : T{0},
                            .c = c,
                            .ldc = outer()});
  }

 private:
  int64_t inner() const { return transpose_ ? columns_ : rows_; }
  int64_t outer() const { return transpose_ ? rows_ : columns_; }

  int64_t rows_, columns_;
  bool transpose_, packed_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_RECURRENT_PRODUCT_H_
