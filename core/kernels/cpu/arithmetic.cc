// Add, Sub, Mul, Div, FloorDiv, Mod, Maximum, Minimum and Pow with broadcasting.
#include <cmath>

#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/wrapping.h"

namespace viv {
namespace {

struct AddOp {
  template <typename T>
  static T Apply(T x, T y) {
    return WrappingAdd(x, y);
  }
};
struct SubOp {
  template <typename T>
  static T Apply(T x, T y) {
    return WrappingSub(x, y);
  }
};
struct MulOp {
  template <typename T>
  static T Apply(T x, T y) {
    return WrappingMul(x, y);
  }
};
// Whether y is -1, by which the most negative integer cannot be divided: its quotient wraps.
template <typename T>
bool IsMinusOne(T y) {
  return std::is_signed_v<T> && y == static_cast<T>(-1);
}
struct DivOp {
  template <typename T>
  static T Apply(T x, T y) {
    if constexpr (std::is_integral_v<T>) {
      if (IsMinusOne(y)) return WrappingSub(T{0}, x);
    }
    return static_cast<T>(x / y);
  }
};
// x - floor(x / y) y: it has the sign of y.
struct ModOp {
  template <typename T>
  static T Apply(T x, T y) {
    T rest;
    if constexpr (std::is_integral_v<T>) {
      if (IsMinusOne(y)) return 0;
      rest = static_cast<T>(x % y);
    } else {
      rest = std::fmod(x, y);
    }
    return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
  }
};
struct FloorDivOp {
  template <typename T>
  static T Apply(T x, T y) {
    if constexpr (std::is_integral_v<T>) {
      const T quotient = DivOp::Apply(x, y);
      if (IsMinusOne(y) || x % y == 0) return quotient;
      return static_cast<T>(quotient - ((x < 0) != (y < 0) ? 1 : 0));
    } else {
      return std::floor(x / y);
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

// The grain of functions that compute longer than memory takes.
constexpr int64_t kSlow = 1 << 12;

const bool kAdd =
    Elementwise<AddOp>{.float_binary = VIV_CALL_ISA(AddRow)}.RegisterBinary<VIV_NUMBERS>("Add");
const bool kSub =
    Elementwise<SubOp>{.float_binary = VIV_CALL_ISA(SubRow)}.RegisterBinary<VIV_NUMBERS>("Sub");
const bool kMul =
    Elementwise<MulOp>{.float_binary = VIV_CALL_ISA(MulRow)}.RegisterBinary<VIV_NUMBERS>("Mul");
const bool kDiv = Elementwise<DivOp>{.float_binary = VIV_CALL_ISA(DivRow),
                                     .zero_divisor = "division of an integer by zero"}
                      .RegisterBinary<VIV_NUMBERS>("Div");
const bool kFloorDiv =
    Elementwise<FloorDivOp>{.grain = kSlow, .zero_divisor = "division of an integer by zero"}
        .RegisterBinary<VIV_NUMBERS>("FloorDiv");
const bool kMod =
    Elementwise<ModOp>{.grain = kSlow, .zero_divisor = "the remainder of an integer by zero"}
        .RegisterBinary<VIV_NUMBERS>("Mod");
const bool kMaximum =
    Elementwise<MaximumOp>{.float_binary = VIV_CALL_ISA(MaximumRow)}.RegisterBinary<VIV_NUMBERS>(
        "Maximum");
const bool kMinimum =
    Elementwise<MinimumOp>{.float_binary = VIV_CALL_ISA(MinimumRow)}.RegisterBinary<VIV_NUMBERS>(
        "Minimum");
const bool kPow = Elementwise<PowOp>{.grain = kSlow}.RegisterBinary<VIV_FLOATING>("Pow");

}  // namespace
}  // namespace viv
