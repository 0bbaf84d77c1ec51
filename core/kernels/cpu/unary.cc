// Element-wise functions of one argument, ReluGrad, and Cast.
#include <cmath>

#include "core/kernels/cpu/convert.h"
#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/wrapping.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 14;

template <typename T>
T SigmoidOf(T x) {
  // Both branches take e to a power of at most 0: no overflow.
  const T e = std::exp(-std::abs(x));
  return (x >= 0 ? T{1} : e) / (T{1} + e);
}

#define VIV_FUNCTOR(name, expression) \
  struct name {                       \
    template <typename T>             \
    static T Apply(T x) {             \
      return expression;              \
    }                                 \
  }
VIV_FUNCTOR(NegOp, WrappingSub(T{0}, x));
VIV_FUNCTOR(NegFloatOp, -x);
VIV_FUNCTOR(SquareOp, WrappingMul(x, x));
VIV_FUNCTOR(AbsOp, x < 0 ? WrappingSub(T{0}, x) : x);
VIV_FUNCTOR(AbsFloatOp, std::abs(x));
// Keeps a NaN and the zeros.
VIV_FUNCTOR(SignOp, static_cast<T>(x > 0 ? T{1} : x < 0 ? static_cast<T>(-1) : x));
VIV_FUNCTOR(ExpOp, std::exp(x));
VIV_FUNCTOR(Expm1Op, std::expm1(x));
VIV_FUNCTOR(LogOp, std::log(x));
VIV_FUNCTOR(Log1pOp, std::log1p(x));
VIV_FUNCTOR(SqrtOp, std::sqrt(x));
VIV_FUNCTOR(TanhOp, std::tanh(x));
VIV_FUNCTOR(SigmoidOp, SigmoidOf(x));
VIV_FUNCTOR(ErfOp, std::erf(x));
VIV_FUNCTOR(SinOp, std::sin(x));
VIV_FUNCTOR(CosOp, std::cos(x));
// log(1 + e^x) without overflow.
VIV_FUNCTOR(SoftplusOp, (x > 0 ? x : T{0}) + std::log1p(std::exp(-std::abs(x))));
VIV_FUNCTOR(FloorOp, std::floor(x));
VIV_FUNCTOR(CeilOp, std::ceil(x));
// Halves to the even neighbour.
VIV_FUNCTOR(RoundOp, std::nearbyint(x));
// Keeps a NaN: x > 0 ? x : 0 would hide it.
VIV_FUNCTOR(ReluOp, x < 0 ? T{0} : x);
#undef VIV_FUNCTOR

#define VIV_FLOAT_OP(op, ...) \
  const bool k##op = Elementwise<op##Op>{__VA_ARGS__}.RegisterUnary<VIV_FLOATING>(#op)
#define VIV_FAST(row) .float_unary = VIV_CALL_ISA(row), .grain = kGrain
VIV_FLOAT_OP(Exp, VIV_FAST(ExpRow));
VIV_FLOAT_OP(Tanh, VIV_FAST(TanhRow));
VIV_FLOAT_OP(Sigmoid, VIV_FAST(SigmoidRow));
VIV_FLOAT_OP(Relu, VIV_FAST(ReluRow));
VIV_FLOAT_OP(Expm1, .grain = 4096);
VIV_FLOAT_OP(Log, .grain = 4096);
VIV_FLOAT_OP(Log1p, .grain = 4096);
VIV_FLOAT_OP(Erf, .grain = 4096);
VIV_FLOAT_OP(Sin, .grain = 4096);
VIV_FLOAT_OP(Cos, .grain = 4096);
VIV_FLOAT_OP(Softplus, .grain = 4096);
VIV_FLOAT_OP(Sqrt, .grain = kGrain);
VIV_FLOAT_OP(Floor, .grain = kGrain);
VIV_FLOAT_OP(Ceil, .grain = kGrain);
VIV_FLOAT_OP(Round, .grain = kGrain);
#undef VIV_FAST
#undef VIV_FLOAT_OP
const bool kNeg =
    Elementwise<NegFloatOp>{.float_unary = VIV_CALL_ISA(NegRow)}.RegisterUnary<VIV_FLOATING>("Neg");
const bool kNegIntegers = Elementwise<NegOp>().RegisterUnary<VIV_INTEGERS>("Neg");
const bool kAbs =
    Elementwise<AbsFloatOp>{.float_unary = VIV_CALL_ISA(AbsRow)}.RegisterUnary<VIV_FLOATING>("Abs");
const bool kAbsIntegers = Elementwise<AbsOp>().RegisterUnary<VIV_INTEGERS>("Abs");
const bool kSquare =
    Elementwise<SquareOp>{.float_unary = VIV_CALL_ISA(SquareRow)}.RegisterUnary<VIV_NUMBERS>(
        "Square");
const bool kSign = Elementwise<SignOp>().RegisterUnary<VIV_NUMBERS>("Sign");

struct ReluGradOp {
  template <typename T>
  static T Apply(T y, T dy) {
    return y > 0 ? dy : T{0};
  }
};
const bool kReluGrad =
    Elementwise<ReluGradOp>{.float_binary = VIV_CALL_ISA(ReluGradRow)}.RegisterBinary<VIV_FLOATING>(
        "ReluGrad");

template <typename From, typename To>
class CastKernel : public ElementwiseKernel {
 public:
  explicit CastKernel(const KernelInit&)
      : ElementwiseKernel({DTypeOf<From>}, DTypeOf<To>, kGrain) {}

  absl::Status Compute(const KernelContext& c) const override {
    const From* x = c.in<From>(0);
    To* y = c.out<To>();
    ParallelFor(c.input(0).num_elements(), kGrain,
                [&](int64_t begin, int64_t end) { Row(x + begin, y + begin, end - begin); });
    return absl::OkStatus();
  }
  void ComputeRow(absl::Span<const RowOperand> x, void* out, int64_t n) const override {
    Row(static_cast<const From*>(x[0].data), static_cast<To*>(out), n);
  }

 private:
  static void Row(const From* x, To* y, int64_t n) {
    if constexpr (kIs16Bit<From> && std::is_same_v<To, float>) {
      WidenRow(x, y, n);
    } else if constexpr (kIs16Bit<To> && std::is_same_v<From, float>) {
      NarrowRow(x, y, n);
    } else {
      for (int64_t i = 0; i < n; ++i) y[i] = Convert<To>(x[i]);
    }
  }
};

template <typename From, typename... Tos>
void RegisterCastsFrom() {
  (KernelRegistration(KernelDef{.op = "Cast",
                                .device = "cpu",
                                .types = {{"T", DTypeOf<From>}, {"dtype", DTypeOf<Tos>}},
                                .factory = MakeKernel<CastKernel<From, Tos>>()}),
   ...);
}
template <typename... Types>
bool RegisterCasts() {
  (RegisterCastsFrom<Types, Types...>(), ...);
  return true;
}
const bool kCast =
    RegisterCasts<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t, bool>();

}  // namespace
}  // namespace viv
