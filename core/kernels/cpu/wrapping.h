// Integer arithmetic that wraps, where C++ leaves overflow undefined.
#ifndef VIV_CORE_KERNELS_CPU_WRAPPING_H_
#define VIV_CORE_KERNELS_CPU_WRAPPING_H_

#include <cstdint>
#include <type_traits>

namespace viv {

// f(x, y) in unsigned arithmetic of at least 32 bits, for integers; f(x, y) for other types.
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
T WrappingAdd(T x, T y) {
  return Wrapping(x, y, [](auto a, auto b) { return a + b; });
}
template <typename T>
T WrappingSub(T x, T y) {
  return Wrapping(x, y, [](auto a, auto b) { return a - b; });
}
template <typename T>
T WrappingMul(T x, T y) {
  return Wrapping(x, y, [](auto a, auto b) { return a * b; });
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_WRAPPING_H_
