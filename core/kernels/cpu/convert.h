// A number in another type.
#ifndef VIV_CORE_KERNELS_CPU_CONVERT_H_
#define VIV_CORE_KERNELS_CPU_CONVERT_H_

#include <cmath>
#include <limits>
#include <type_traits>

#include "core/tensor/float16.h"

namespace viv {

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

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_CONVERT_H_
