// Add, Sub, Mul, Div, Mod, Maximum, Minimum and Pow with broadcasting.
#include <cmath>

#include "core/kernels/cpu/binary.h"

namespace viv {
namespace {

// Integers wrap: signed overflow would be undefined. Narrow ones are promoted, and wrap as they
// are stored.
template <typename T, typename F>
T Wrapping(T x, T y, F f) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::common_type_t<std::make_unsigned_t<T>, uint32_t>;
    return static_cast<T>(f(static_cast<U>(x), static_cast<U>(y)));
  } else {
    return f(x, y);
  }
}

template <typename T>
absl::Status RefuseZeros(const Tensor& divisors, const char* message) {
  if constexpr (std::is_integral_v<T>) {
    for (const T divisor : divisors.flat<T>()) {
      if (divisor == 0) return absl::InvalidArgumentError(message);
    }
  }
  return absl::OkStatus();
}

struct AddOp {
  template <typename T>
  static T Apply(T x, T y) {
    return Wrapping(x, y, [](auto a, auto b) { return a + b; });
  }
};
struct SubOp {
  template <typename T>
  static T Apply(T x, T y) {
    return Wrapping(x, y, [](auto a, auto b) { return a - b; });
  }
};
struct MulOp {
  template <typename T>
  static T Apply(T x, T y) {
    return Wrapping(x, y, [](auto a, auto b) { return a * b; });
  }
};
struct DivOp {
  template <typename T>
  static absl::Status Check(const Tensor& y) {
    return RefuseZeros<T>(y, "division of an integer by zero");
  }
  template <typename T>
  static T Apply(T x, T y) {
    // The most negative integer divided by -1 wraps too.
    if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
      if (y == -1) return SubOp::Apply(T{0}, x);
    }
    return static_cast<T>(x / y);
  }
};
// x - floor(x / y) y: it has the sign of y.
struct ModOp {
  template <typename T>
  static absl::Status Check(const Tensor& y) {
    return RefuseZeros<T>(y, "the remainder of an integer by zero");
  }
  template <typename T>
  static T Apply(T x, T y) {
    if constexpr (std::is_integral_v<T>) {
      if constexpr (std::is_signed_v<T>) {
        if (y == -1) return 0;
      }
      const T rest = static_cast<T>(x % y);
      return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
    } else {
      const T rest = std::fmod(x, y);
      return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    }
  }
};
// A NaN on either side passes.
struct MaximumOp {
  template <typename T>
  static T Apply(T x, T y) {
    return x > y || x != x ? x : y;
  }
};
struct MinimumOp {
  template <typename T>
  static T Apply(T x, T y) {
    return x < y || x != x ? x : y;
  }
};
struct PowOp {
  template <typename T>
  static T Apply(T x, T y) {
    return std::pow(x, y);
  }
};

#define VIV_NUMERIC float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t
const bool kAdd = RegisterBinary<AddOp, VIV_NUMERIC>("Add");
const bool kSub = RegisterBinary<SubOp, VIV_NUMERIC>("Sub");
const bool kMul = RegisterBinary<MulOp, VIV_NUMERIC>("Mul");
const bool kDiv = RegisterBinary<DivOp, VIV_NUMERIC>("Div");
const bool kMod = RegisterBinary<ModOp, VIV_NUMERIC>("Mod");
const bool kMaximum = RegisterBinary<MaximumOp, VIV_NUMERIC>("Maximum");
const bool kMinimum = RegisterBinary<MinimumOp, VIV_NUMERIC>("Minimum");
const bool kPow = RegisterBinary<PowOp, float, double, BFloat16, Half>("Pow");
#undef VIV_NUMERIC

}  // namespace
}  // namespace viv
