// Element-wise functions of one argument, ReluGrad, and Cast.
#include <cmath>

#include "core/base/parallel.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 14;

template <typename T, typename F>
absl::Status Unary(const KernelContext& c) {
  const T* x = c.in<T>(0);
  T* y = c.out<T>();
  ParallelFor(c.input(0).num_elements(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = F::Apply(x[i]);
  });
  return absl::OkStatus();
}

template <typename T>
T SigmoidOf(T x) {
  // Both branches take e to a power of at most 0: no overflow.
  const T e = std::exp(-std::abs(x));
  return (x >= 0 ? T{1} : e) / (T{1} + e);
}

#define VIV_UNARY(op, expression)                \
  struct op##Fn {                                \
    template <typename T>                        \
    static T Apply(T x) {                        \
      return expression;                         \
    }                                            \
  };                                             \
  const bool k##op = RegisterFor<float, double>( \
      #op, []<typename T>() { return MakeKernel(ComputeFn{&Unary<T, op##Fn>}); }, {{0, 0}})

VIV_UNARY(Neg, -x);
VIV_UNARY(Exp, std::exp(x));
VIV_UNARY(Log, std::log(x));
VIV_UNARY(Sqrt, std::sqrt(x));
VIV_UNARY(Square, x* x);
VIV_UNARY(Tanh, std::tanh(x));
VIV_UNARY(Sigmoid, SigmoidOf(x));
// Keeps a NaN: x > 0 ? x : 0 would hide it.
VIV_UNARY(Relu, x < 0 ? T{0} : x);
#undef VIV_UNARY

template <typename T>
absl::Status ReluGrad(const KernelContext& c) {
  const T* y = c.in<T>(0);
  const T* dy = c.in<T>(1);
  T* dx = c.out<T>();
  ParallelFor(c.input(0).num_elements(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) dx[i] = y[i] > 0 ? dy[i] : T{0};
  });
  return absl::OkStatus();
}
const bool kReluGrad = RegisterFor<float, double>(
    "ReluGrad", []<typename T>() { return MakeKernel(ComputeFn{&ReluGrad<T>}); }, {{0, 0}, {1, 0}});

// A float outside the integer's range is clamped, NaN becomes 0: the plain cast would be undefined.
template <typename To, typename From>
To Convert(From from) {
  if constexpr (std::is_same_v<From, BFloat16> || std::is_same_v<From, Half>) {
    return Convert<To>(static_cast<float>(from));
  } else if constexpr (std::is_same_v<To, BFloat16> || std::is_same_v<To, Half>) {
    return To(static_cast<float>(from));
  } else if constexpr (std::is_same_v<To, bool>) {
    return from != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(from)) return To{0};
    const double lowest = static_cast<double>(std::numeric_limits<To>::lowest());
    const double highest = static_cast<double>(std::numeric_limits<To>::max());
    if (static_cast<double>(from) <= lowest) return std::numeric_limits<To>::lowest();
    if (static_cast<double>(from) >= highest) return std::numeric_limits<To>::max();
    return static_cast<To>(from);
  } else {
    return static_cast<To>(from);
  }
}

template <typename From, typename To>
absl::Status Cast(const KernelContext& c) {
  const From* x = c.in<From>(0);
  To* y = c.out<To>();
  ParallelFor(c.input(0).num_elements(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = Convert<To>(x[i]);
  });
  return absl::OkStatus();
}

template <typename From, typename... Tos>
void RegisterCastsFrom() {
  (KernelRegistration("Cast", "cpu", {{"T", DTypeOf<From>}, {"dtype", DTypeOf<Tos>}},
                      &Cast<From, Tos>),
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
