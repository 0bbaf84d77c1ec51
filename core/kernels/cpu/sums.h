// Sums that are formed at places in any order. Those of 16-bit elements are formed in float, in
// scratch memory, and rounded once at the end.
#ifndef VIV_CORE_KERNELS_CPU_SUMS_H_
#define VIV_CORE_KERNELS_CPU_SUMS_H_

#include <algorithm>
#include <type_traits>

#include "core/device/kernel.h"

namespace viv {

template <typename T>
inline constexpr bool kIs16BitFloat = std::is_same_v<T, BFloat16> || std::is_same_v<T, Half>;

// The type in which elements of T are added.
template <typename T>
using SumType = std::conditional_t<kIs16BitFloat<T>, float, T>;

// Integers wrap: signed overflow would be undefined.
template <typename S, typename T>
void AddTo(S& sum, T value) {
  if constexpr (std::is_integral_v<S>) {
    using U = std::make_unsigned_t<S>;
    sum = static_cast<S>(static_cast<U>(sum) + static_cast<U>(value));
  } else {
    sum += static_cast<S>(value);
  }
}

// The sums behind output 0, zero at first. Use it in a kernel whose scratch memory is
// Sums<T>::ScratchBytes(elements of the output).
template <typename T>
class Sums {
 public:
  static size_t ScratchBytes(int64_t elements) {
    return kIs16BitFloat<T> ? elements * sizeof(float) : 0;
  }

  explicit Sums(const KernelContext& c) : out_(c.out<T>()), elements_(c.output(0).num_elements()) {
    if constexpr (kIs16BitFloat<T>) {
      sums_ = static_cast<float*>(c.scratch());
    } else {
      sums_ = out_;
    }
    std::fill_n(sums_, elements_, SumType<T>{0});
  }

  SumType<T>* data() const { return sums_; }
  // Writes the output.
  void Finish() const {
    if constexpr (kIs16BitFloat<T>) {
      for (int64_t i = 0; i < elements_; ++i) out_[i] = T(sums_[i]);
    }
  }

 private:
  T* out_;
  int64_t elements_;
  SumType<T>* sums_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_SUMS_H_
