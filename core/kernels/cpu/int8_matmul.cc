// Int8MatMul. The second matrix is packed once where it is a variable's value.
#include "core/base/status.h"
#include "core/kernels/cpu/int8_gemm.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

class Int8MatMulKernel : public Kernel {
 public:
  explicit Int8MatMulKernel(const KernelInit& init)
      : transpose_(init.attrs.Bool("transpose_b")),
        m_(init.input_shapes[0].dim(0)),
        k_(init.input_shapes[0].dim(1)),
        n_(init.input_shapes[1].dim(transpose_ ? 0 : 1)) {}

  absl::Status Compute(const KernelContext& c) const override {
    const MatrixView y(c.in<float>(1), transpose_ ? k_ : n_, transpose_);
    std::shared_ptr<const void> kept =
        PackingCache::Global().Find({c.input_version(1), Terms::kInt8, y, k_, n_});
    if (kept != nullptr)
      return MultiplyInt8(m_, n_, k_, c.in<float>(0), kept.get(), c.out<float>());
    ASSIGN_OR_RETURN(const Tensor packed,
                     Tensor::Make(kUInt8, {static_cast<int64_t>(PackedInt8Bytes(k_, n_))}));
    PackInt8(y, k_, n_, packed.raw());
    return MultiplyInt8(m_, n_, k_, c.in<float>(0), packed.raw(), c.out<float>());
  }

 private:
  const bool transpose_;
  const int64_t m_, k_, n_;
};

const KernelRegistration kInt8MatMul({.op = "Int8MatMul",
                                      .device = "cpu",
                                      .factory = MakeKernel<Int8MatMulKernel>()});

}  // namespace
}  // namespace viv
