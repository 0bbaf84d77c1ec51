// Kernels of element-wise ops with two broadcast operands.
#ifndef VIV_CORE_KERNELS_CPU_BINARY_H_
#define VIV_CORE_KERNELS_CPU_BINARY_H_

#include <type_traits>

#include "core/base/parallel.h"
#include "core/kernels/cpu/broadcast.h"
#include "core/kernels/cpu/register.h"

namespace viv {

// What 16-bit floats are computed in; other types in themselves.
template <typename T>
using ComputeType =
    std::conditional_t<std::is_same_v<T, BFloat16> || std::is_same_v<T, Half>, float, T>;

// z = Op::Apply(x, y), T x T -> R. An Op with a member `Check(const Tensor& y)` may refuse a run.
template <typename T, typename R, typename Op>
class BinaryKernel : public Kernel {
 public:
  explicit BinaryKernel(const KernelInit& init)
      : walk_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1]),
        elements_(init.output_shapes[0].num_elements()) {}

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    const T* y = c.in<T>(1);
    R* z = c.out<R>();
    if constexpr (requires { Op::template Check<T>(c.input(1)); }) {
      if (elements_ > 0) {
        absl::Status status = Op::template Check<T>(c.input(1));
        if (!status.ok()) return status;
      }
    }
    if (walk_.inner() == elements_) {
      ParallelFor(elements_, kGrain, [&](int64_t begin, int64_t end) {
        Inner(x + begin * walk_.inner_stride_a(), y + begin * walk_.inner_stride_b(), z + begin,
              end - begin);
      });
    } else {
      walk_.ForEach(
          [&](int64_t at, int64_t a, int64_t b) { Inner(x + a, y + b, z + at, walk_.inner()); });
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kGrain = 1 << 16;

  static R Apply(T x, T y) {
    using C = ComputeType<T>;
    return static_cast<R>(Op::Apply(static_cast<C>(x), static_cast<C>(y)));
  }
  void Inner(const T* x, const T* y, R* z, int64_t n) const {
    const int64_t sx = walk_.inner_stride_a(), sy = walk_.inner_stride_b();
    if (sx == 1 && sy == 1) {
      for (int64_t i = 0; i < n; ++i) z[i] = Apply(x[i], y[i]);
    } else if (sx == 1 && sy == 0) {
      const T fixed = *y;
      for (int64_t i = 0; i < n; ++i) z[i] = Apply(x[i], fixed);
    } else if (sx == 0 && sy == 1) {
      const T fixed = *x;
      for (int64_t i = 0; i < n; ++i) z[i] = Apply(fixed, y[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) z[i] = Apply(x[i * sx], y[i * sy]);
    }
  }

  BroadcastWalk walk_;
  int64_t elements_;
};

// T x T -> T, for each of Ts.
template <typename Op, typename... Ts>
bool RegisterBinary(const char* op) {
  return RegisterFor<Ts...>(op, []<typename T>() { return MakeKernel<BinaryKernel<T, T, Op>>(); },
                            {{0, 0}, {1, 0}});
}
// T x T -> bool.
template <typename Op, typename... Ts>
bool RegisterComparison(const char* op) {
  return RegisterFor<Ts...>(op,
                            []<typename T>() { return MakeKernel<BinaryKernel<T, bool, Op>>(); });
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_BINARY_H_
