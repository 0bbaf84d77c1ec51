// MatMul. In float a product with few rows uses the packed form of a variable's value.
#include <algorithm>
#include <atomic>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/broadcast.h"
#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/packed_gemm.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Up to this many rows a packed second matrix is faster than sgemm (measured), if it is not tiny.
constexpr int64_t kPackedRows = 128;
constexpr int64_t kLeastPacked = 16384;
// Multiplications of a product that is worth several threads.
constexpr int64_t kLargeProduct = 1 << 21;

template <typename T>
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
    if constexpr (std::is_same_v<T, float>) {
      if (!ta_ && products_.size() == 1 && m_ > 0 && m_ <= kPackedRows && k_ * n_ >= kLeastPacked) {
        const std::shared_ptr<const float> packed =
            PackingCache::Global().Find({c.input_version(1), c.in<float>(1), ldb, tb_, k_, n_});
        if (packed != nullptr) {
          PackedGemm(m_, n_, k_, c.in<float>(0), k_, packed.get(), false, c.out<float>(), n_);
          return absl::OkStatus();
        }
      }
    }
    return Gemm(GemmArgs<T>{.transpose_a = ta_,
                            .transpose_b = tb_,
                            .m = m_,
                            .n = n_,
                            .k = k_,
                            .a = c.in<T>(0) + products_[i].x,
                            .lda = ta_ ? m_ : k_,
                            .b = c.in<T>(1) + products_[i].y,
                            .ldb = ldb,
                            .c = c.out<T>() + i * m_ * n_,
                            .ldc = n_});
  }

  bool ta_, tb_;
  int64_t m_, k_, n_;
  std::vector<Offsets> products_;
};
const bool kMatMul = RegisterFor<float, double>(
    "MatMul", []<typename T>() { return MakeKernel<MatMulKernel<T>>(); });

}  // namespace
}  // namespace viv
