// MatMul. In float a product with few rows uses the packed form of a variable's value.
#include "core/base/status.h"
#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/packed_gemm.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Up to this many rows a packed second matrix is faster than sgemm (measured), if it is not tiny.
constexpr int64_t kPackedRows = 128;
constexpr int64_t kLeastPacked = 16384;

template <typename T>
class MatMulKernel : public Kernel {
 public:
  explicit MatMulKernel(const KernelInit& init)
      : ta_(init.attrs.Bool("transpose_a")),
        tb_(init.attrs.Bool("transpose_b")),
        m_(init.input_shapes[0].dim(ta_ ? 1 : 0)),
        k_(init.input_shapes[0].dim(ta_ ? 0 : 1)),
        n_(init.input_shapes[1].dim(tb_ ? 0 : 1)) {}

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t ldb = tb_ ? k_ : n_;
    if constexpr (std::is_same_v<T, float>) {
      if (!ta_ && m_ > 0 && m_ <= kPackedRows && k_ * n_ >= kLeastPacked) {
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
                            .a = c.in<T>(0),
                            .lda = ta_ ? m_ : k_,
                            .b = c.in<T>(1),
                            .ldb = ldb,
                            .c = c.out<T>(),
                            .ldc = n_});
  }

 private:
  bool ta_, tb_;
  int64_t m_, k_, n_;
};
const bool kMatMul = RegisterFor<float, double>(
    "MatMul", []<typename T>() { return MakeKernel<MatMulKernel<T>>(); });

}  // namespace
}  // namespace viv
