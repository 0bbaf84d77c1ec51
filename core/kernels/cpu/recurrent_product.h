// The product with weights that a recurrent layer computes at every step.
#ifndef VIV_CORE_KERNELS_CPU_RECURRENT_PRODUCT_H_
#define VIV_CORE_KERNELS_CPU_RECURRENT_PRODUCT_H_

#include <memory>
#include <type_traits>

#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/line_up.h"
#include "core/kernels/cpu/packing_cache.h"

namespace viv {

// c = a W or a W^T, or adds it to c, for one W: [rows, columns] and many a of elements T. In float
// and bfloat16, W is packed where the steps repay it. W and c are of type Wide<T>.
template <typename T>
class RecurrentProduct {
 public:
  using W = Wide<T>;

  // `steps`: how many products there are; `batch`: rows of each.
  RecurrentProduct(int64_t rows, int64_t columns, bool transpose, int64_t steps,
                   int64_t batch = kManyRows)
      : rows_(rows),
        columns_(columns),
        transpose_(transpose),
        packed_(!std::is_same_v<T, double> && steps > 1),
        kept_(steps * batch < kManyRows) {}

  // Scratch memory that Prepare and Multiply need, aligned to a cache line.
  size_t scratch_bytes() const { return packed_ ? PackedBytes(kTerms, inner(), outer()) : 0; }

  // Packs the weights into `scratch`; with few rows, for which that is much, those of a variable
  // (`version`) once for all runs. The result, which may be null, is for Multiply.
  std::shared_ptr<const void> Prepare(const W* weights, ValueVersion version, void* scratch) const {
    if constexpr (!std::is_same_v<T, double>) {
      const MatrixView view(weights, columns_, transpose_);
      if (kept_) {
        std::shared_ptr<const void> kept =
            PackingCache::Global().Find({version, kTerms, view, inner(), outer()});
        if (kept != nullptr) return kept;
      }
      if (packed_) {
        PackMatrix(kTerms, view, inner(), outer(), scratch);
        // Owns nothing.
        return std::shared_ptr<const void>(std::shared_ptr<const void>(), scratch);
      }
    }
    return nullptr;
  }

  // a: [m, inner], c: [m, outer], without gaps between rows.
  absl::Status Multiply(int64_t m, const T* a, const W* weights, const void* packed,
                        bool accumulate, W* c) const {
    const GemmArgs<T, W, W> args = {.transpose_b = transpose_,
                                    .m = m,
                                    .n = outer(),
                                    .k = inner(),
                                    .a = a,
                                    .lda = inner(),
                                    .b = weights,
                                    .ldb = columns_,
                                    .accumulate = accumulate,
                                    .c = c,
                                    .ldc = outer()};
    if constexpr (!std::is_same_v<T, double>) {
      if (packed != nullptr) {
        Product product = ToProduct(args, kTerms);
        product.packed = packed;
        return viv::Multiply(product);
      }
    }
    return Gemm(args);
  }

 private:
  static constexpr int64_t kManyRows = 1024;
  static constexpr Terms kTerms = std::is_same_v<T, BFloat16> ? Terms::kBFloat16 : Terms::kFloat;
  int64_t inner() const { return transpose_ ? columns_ : rows_; }
  int64_t outer() const { return transpose_ ? rows_ : columns_; }

  int64_t rows_, columns_;
  bool transpose_, packed_, kept_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_RECURRENT_PRODUCT_H_
