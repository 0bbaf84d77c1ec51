// Comparisons with broadcasting, logic, IsNan and IsFinite.
#include <cmath>

#include "core/kernels/cpu/elementwise.h"

namespace viv {
namespace {

#define VIV_FUNCTOR(name, expression) \
  struct name {                       \
    template <typename T>             \
    static bool Apply(T x, T y) {     \
      return expression;              \
    }                                 \
  }
VIV_FUNCTOR(EqualOp, x == y);
VIV_FUNCTOR(NotEqualOp, x != y);
VIV_FUNCTOR(LessOp, x < y);
VIV_FUNCTOR(LessEqualOp, x <= y);
VIV_FUNCTOR(GreaterOp, x > y);
VIV_FUNCTOR(GreaterEqualOp, x >= y);
VIV_FUNCTOR(AndOp, x&& y);
VIV_FUNCTOR(OrOp, x || y);
#undef VIV_FUNCTOR

// x > y as y < x.
template <BinaryRow<float, bool> (*kRow)()>
void Swapped(const float* x, int64_t step_x, const float* y, int64_t step_y, bool* z, int64_t n) {
  kRow()(y, step_y, x, step_x, z, n);
}
BinaryRow<float, bool> LessFloats() { return VIV_CALL_ISA(LessRow); }
BinaryRow<float, bool> LessEqualFloats() { return VIV_CALL_ISA(LessEqualRow); }

// Booleans are compared as bytes; strings have a kernel of their own.
template <bool kEqual>
class EqualStrings : public Kernel {
 public:
  explicit EqualStrings(const KernelInit& init)
      : walk_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1]) {}
  absl::Status Compute(const KernelContext& c) const override {
    const auto* x = c.in<std::string>(0);
    const auto* y = c.in<std::string>(1);
    bool* z = c.out<bool>();
    walk_.ForRows(0, walk_.rows(), [&](int64_t at, int64_t a, int64_t b, int64_t) {
      for (int64_t i = 0; i < walk_.inner(); ++i) {
        const bool equal = x[a + i * walk_.inner_stride_a()] == y[b + i * walk_.inner_stride_b()];
        z[at + i] = equal == kEqual;
      }
    });
    return absl::OkStatus();
  }

 private:
  BroadcastWalk walk_;
};

struct NotOp {
  static bool Apply(bool x) { return !x; }
};
struct IsNanOp {
  template <typename T>
  static bool Apply(T x) {
    return std::isnan(x);
  }
};
struct IsFiniteOp {
  template <typename T>
  static bool Apply(T x) {
    return std::isfinite(x);
  }
};

const bool kEqual = Elementwise<EqualOp, bool>{.float_binary = VIV_CALL_ISA(EqualRow)}
                        .RegisterBinary<VIV_NUMBERS, bool>("Equal");
const bool kNotEqual = Elementwise<NotEqualOp, bool>{.float_binary = VIV_CALL_ISA(NotEqualRow)}
                           .RegisterBinary<VIV_NUMBERS, bool>("NotEqual");
const bool kEqualStrings = RegisterFor<std::string>(
    "Equal", []<typename T>() { return MakeKernel<EqualStrings<true>>(); });
const bool kNotEqualStrings = RegisterFor<std::string>(
    "NotEqual", []<typename T>() { return MakeKernel<EqualStrings<false>>(); });
const bool kLess =
    Elementwise<LessOp, bool>{.float_binary = LessFloats()}.RegisterBinary<VIV_NUMBERS>("Less");
const bool kLessEqual =
    Elementwise<LessEqualOp, bool>{.float_binary = LessEqualFloats()}.RegisterBinary<VIV_NUMBERS>(
        "LessEqual");
const bool kGreater =
    Elementwise<GreaterOp, bool>{.float_binary = &Swapped<LessFloats>}.RegisterBinary<VIV_NUMBERS>(
        "Greater");
const bool kGreaterEqual =
    Elementwise<GreaterEqualOp, bool>{.float_binary = &Swapped<LessEqualFloats>}
        .RegisterBinary<VIV_NUMBERS>("GreaterEqual");
const bool kAnd = Elementwise<AndOp>().RegisterBinary<bool>("And");
const bool kOr = Elementwise<OrOp>().RegisterBinary<bool>("Or");
const bool kNot = Elementwise<NotOp>().RegisterUnary<bool>("Not");
const bool kIsNan = Elementwise<IsNanOp, bool>().RegisterUnary<VIV_FLOATING>("IsNan");
const bool kIsFinite = Elementwise<IsFiniteOp, bool>().RegisterUnary<VIV_FLOATING>("IsFinite");

}  // namespace
}  // namespace viv
