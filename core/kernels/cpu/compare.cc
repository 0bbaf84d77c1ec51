// Comparisons and logic with broadcasting, and choice by a condition.
#include <cmath>

#include "core/kernels/cpu/binary.h"

namespace viv {
namespace {

#define VIV_COMPARISON(name, expression)                                                   \
  struct name##Op {                                                                        \
    template <typename T>                                                                  \
    static bool Apply(T x, T y) {                                                          \
      return expression;                                                                   \
    }                                                                                      \
  };                                                                                       \
  const bool k##name = RegisterComparison<name##Op, float, double, BFloat16, Half, int8_t, \
                                          uint8_t, int32_t, int64_t>(#name)

VIV_COMPARISON(Equal, x == y);
VIV_COMPARISON(NotEqual, x != y);
VIV_COMPARISON(Less, x < y);
VIV_COMPARISON(LessEqual, x <= y);
VIV_COMPARISON(Greater, x > y);
VIV_COMPARISON(GreaterEqual, x >= y);
#undef VIV_COMPARISON

// Booleans and strings are only equal or not.
template <typename T, bool kEqual>
class EqualKernel : public Kernel {
 public:
  explicit EqualKernel(const KernelInit& init)
      : walk_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1]) {}
  absl::Status Compute(const KernelContext& c) const override {
    walk_.ForEach([&](int64_t at, int64_t a, int64_t b) {
      for (int64_t i = 0; i < walk_.inner(); ++i) {
        const bool equal = c.in<T>(0)[a + i * walk_.inner_stride_a()] ==
                           c.in<T>(1)[b + i * walk_.inner_stride_b()];
        c.out<bool>()[at + i] = equal == kEqual;
      }
    });
    return absl::OkStatus();
  }

 private:
  BroadcastWalk walk_;
};
const bool kEqualOthers = RegisterFor<bool, std::string>(
    "Equal", []<typename T>() { return MakeKernel<EqualKernel<T, true>>(); });
const bool kNotEqualOthers = RegisterFor<bool, std::string>(
    "NotEqual", []<typename T>() { return MakeKernel<EqualKernel<T, false>>(); });

struct AndOp {
  static bool Apply(bool x, bool y) { return x && y; }
};
struct OrOp {
  static bool Apply(bool x, bool y) { return x || y; }
};
template <typename Op>
bool RegisterLogic(const char* op) {
  KernelRegistration({.op = op,
                      .device = "cpu",
                      .factory = MakeKernel<BinaryKernel<bool, bool, Op>>(),
                      .in_place = {{0, 0}, {1, 0}}});
  return true;
}
const bool kAnd = RegisterLogic<AndOp>("And");
const bool kOr = RegisterLogic<OrOp>("Or");

absl::Status Not(const KernelContext& c) {
  const bool* x = c.in<bool>(0);
  for (int64_t i = 0; i < c.input(0).num_elements(); ++i) c.out<bool>()[i] = !x[i];
  return absl::OkStatus();
}
const KernelRegistration kNot("Not", "cpu", {}, &Not, {{0, 0}});

// Two walks, since a walk has two operands: the first writes where the condition holds, the second
// the rest.
template <typename T>
class SelectKernel : public Kernel {
 public:
  explicit SelectKernel(const KernelInit& init)
      : x_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1]),
        y_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[2]) {}
  absl::Status Compute(const KernelContext& c) const override {
    Choose(x_, c.in<bool>(0), true, c.in<T>(1), c.out<T>());
    Choose(y_, c.in<bool>(0), false, c.in<T>(2), c.out<T>());
    return absl::OkStatus();
  }

 private:
  static void Choose(const BroadcastWalk& walk, const bool* condition, bool wanted, const T* from,
                     T* to) {
    const int64_t sc = walk.inner_stride_a(), sf = walk.inner_stride_b();
    walk.ForEach([&](int64_t at, int64_t a, int64_t b) {
      for (int64_t i = 0; i < walk.inner(); ++i) {
        if (condition[a + i * sc] == wanted) to[at + i] = from[b + i * sf];
      }
    });
  }
  BroadcastWalk x_, y_;
};
const bool kSelect =
    RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t, bool,
                std::string>("Select", []<typename T>() { return MakeKernel<SelectKernel<T>>(); });

template <typename T, bool kNan>
absl::Status Classify(const KernelContext& c) {
  const T* x = c.in<T>(0);
  for (int64_t i = 0; i < c.input(0).num_elements(); ++i) {
    const auto value = static_cast<ComputeType<T>>(x[i]);
    c.out<bool>()[i] = kNan ? std::isnan(value) : std::isfinite(value);
  }
  return absl::OkStatus();
}
const bool kIsNan = RegisterFor<float, double, BFloat16, Half>(
    "IsNan", []<typename T>() { return MakeKernel(ComputeFn{&Classify<T, true>}); });
const bool kIsFinite = RegisterFor<float, double, BFloat16, Half>(
    "IsFinite", []<typename T>() { return MakeKernel(ComputeFn{&Classify<T, false>}); });

}  // namespace
}  // namespace viv
