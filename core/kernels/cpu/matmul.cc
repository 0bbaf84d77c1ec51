// MatMul and MixedMatMul. A product with few rows uses the packed form of a variable's value.
#include <algorithm>
#include <atomic>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/broadcast.h"
#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Up to this many rows it pays to keep a packed second matrix (measured), if it is not tiny.
constexpr int64_t kPackedRows = 256;
constexpr int64_t kLeastPacked = 16384;
// Multiplications of a product that is worth several threads.
constexpr int64_t kLargeProduct = 1 << 21;

// z of type Z from x and y; `kTerms` where they are not double.
template <typename X, typename Y, typename Z, Terms kTerms>
class MatMulKernel : public Kernel {
 public:
  explicit MatMulKernel(const KernelInit& init)
      : ta_(init.attrs.Bool("transpose_a")), tb_(init.attrs.Bool("transpose_b")) {
    const Shape& x = init.input_shapes[0];
    const Shape& y = init.input_shapes[1];
    m_ = x.dim(x.rank() - (ta_ ? 1 : 2));
    k_ = x.dim(x.rank() - (ta_ ? 2 : 1));
    n_ = y.dim(y.rank() - (tb_ ? 2 : 1));
    const Shape a(x.dims().subspan(0, x.rank() - 2)), b(y.dims().subspan(0, y.rank() - 2));
    const Shape z = init.output_shapes[0].ToShape();
    const Shape batch(z.dims().subspan(0, z.rank() - 2));
    if (!ta_ && b.num_elements() == 1) {
      // One y for all: the rows of all x are one matrix.
      m_ *= batch.num_elements();
      products_.push_back({0, 0});
      return;
    }
    const BroadcastWalk walk(batch, a, b);
    walk.ForRows(0, walk.rows(), [&](int64_t, int64_t at, int64_t bt, int64_t) {
      for (int64_t i = 0; i < walk.inner(); ++i) {
        products_.push_back({(at + i * walk.inner_stride_a()) * m_ * k_,
                             (bt + i * walk.inner_stride_b()) * k_ * n_});
      }
    });
  }

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t count = static_cast<int64_t>(products_.size());
    // Small products are shared out between the threads, large ones are parallel inside.
    if (count < MaxThreads() || m_ * n_ * k_ > kLargeProduct) {
      for (int64_t i = 0; i < count; ++i) RETURN_IF_ERROR(Product(c, i));
      return absl::OkStatus();
    }
    std::atomic<bool> failed = false;
    const int64_t grain = std::max<int64_t>(1, kLargeProduct / std::max<int64_t>(1, m_ * n_ * k_));
    ParallelFor(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (!Product(c, i).ok()) failed = true;
      }
    });
    return failed ? absl::InternalError("a product of the batch failed") : absl::OkStatus();
  }

 private:
  struct Offsets {
    int64_t x, y;
  };

  absl::Status Product(const KernelContext& c, int64_t i) const {
    const int64_t ldb = tb_ ? k_ : n_;
    const GemmArgs<X, Y, Z> args = {.transpose_a = ta_,
                                    .transpose_b = tb_,
                                    .m = m_,
                                    .n = n_,
                                    .k = k_,
                                    .a = c.in<X>(0) + products_[i].x,
                                    .lda = ta_ ? m_ : k_,
                                    .b = c.in<Y>(1) + products_[i].y,
                                    .ldb = ldb,
                                    .c = c.out<Z>() + i * m_ * n_,
                                    .ldc = n_};
    if constexpr (std::is_same_v<X, double>) {
      return Gemm(args);
    } else {
      viv::Product product = ToProduct(args, kTerms);
      const bool keep = products_.size() == 1 && m_ > 0 && m_ <= kPackedRows;
      std::shared_ptr<const void> packed;
      if (keep && k_ * n_ >= kLeastPacked) {
        packed = PackingCache::Global().Find({c.input_version(1), kTerms, product.b, k_, n_});
      }
      if constexpr (kTerms == Terms::kFloat) {
        if (packed == nullptr) return Gemm(args);
      }
      product.packed = packed.get();
      return Multiply(product);
    }
  }

  bool ta_, tb_;
  int64_t m_, k_, n_;
  std::vector<Offsets> products_;
};

template <typename T>
constexpr Terms kTermsOf = std::is_same_v<T, BFloat16> ? Terms::kBFloat16 : Terms::kFloat;
const bool kMatMul = RegisterFor<float, double, BFloat16>(
    "MatMul", []<typename T>() { return MakeKernel<MatMulKernel<T, T, T, kTermsOf<T>>>(); });

template <typename X, typename Y, typename Z>
bool RegisterMixed() {
  KernelRegistration({.op = "MixedMatMul",
                      .device = "cpu",
                      .types = {{"X", DTypeOf<X>}, {"Y", DTypeOf<Y>}, {"dtype", DTypeOf<Z>}},
                      .factory = MakeKernel<MatMulKernel<X, Y, Z, Terms::kBFloat16>>()});
  return true;
}
template <typename X, typename Y>
bool RegisterMixedFor() {
  return RegisterMixed<X, Y, float>() && RegisterMixed<X, Y, BFloat16>();
}
const bool kMixed = RegisterMixedFor<float, float>() && RegisterMixedFor<float, BFloat16>() &&
                    RegisterMixedFor<BFloat16, float>() && RegisterMixedFor<BFloat16, BFloat16>();

}  // namespace
}  // namespace viv
