// Kernels that compute every element on its own, for all types. Numbers of 16 bits are computed as
// floats, a block at a time.
#ifndef VIV_CORE_KERNELS_CPU_ELEMENTWISE_H_
#define VIV_CORE_KERNELS_CPU_ELEMENTWISE_H_

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/parallel.h"
#include "core/kernels/cpu/broadcast.h"
#include "core/kernels/cpu/elementwise_rows.h"
#include "core/kernels/cpu/register.h"

namespace viv {

template <typename T>
inline constexpr bool kIs16Bit = std::is_same_v<T, BFloat16> || std::is_same_v<T, Half>;
// What T is computed in.
template <typename T>
using Wide = std::conditional_t<kIs16Bit<T>, float, T>;

inline void WidenRow(const BFloat16* x, float* y, int64_t n) {
  VIV_CALL_ISA(WidenBFloat16Row)(&x->bits, y, n);
}
inline void WidenRow(const Half* x, float* y, int64_t n) {
  VIV_CALL_ISA(WidenHalfRow)(&x->bits, y, n);
}
inline void NarrowRow(const float* x, BFloat16* y, int64_t n) {
  VIV_CALL_ISA(NarrowBFloat16Row)(x, &y->bits, n);
}
inline void NarrowRow(const float* x, Half* y, int64_t n) {
  VIV_CALL_ISA(NarrowHalfRow)(x, &y->bits, n);
}
// Elements that are widened at a time.
inline constexpr int64_t kWidenBlock = 256;

// An operand of a row: element i is data[i * step].
struct RowOperand {
  const void* data;
  int64_t step;  // 0 or 1
};

// Kernels whose loop other kernels may run on rows of their own: core/kernels/cpu/fused.cc.
class ElementwiseKernel : public Kernel {
 public:
  ElementwiseKernel(std::vector<DType> operands, DType result, int64_t grain)
      : operands_(std::move(operands)), result_(result), grain_(grain) {}

  const std::vector<DType>& operands() const { return operands_; }
  DType result() const { return result_; }
  // Elements worth about 20 us.
  int64_t grain() const { return grain_; }
  // The first `n` elements of the result; all steps are 0 only where n is 1. `out` may be an
  // operand of step 1 and of the result's type.
  virtual void ComputeRow(absl::Span<const RowOperand> operands, void* out, int64_t n) const = 0;

 private:
  const std::vector<DType> operands_;
  const DType result_;
  const int64_t grain_;
};

// y[i] = f(x[i]); y may be x.
template <typename T, typename R = T>
using UnaryRow = void (*)(const T* x, R* y, int64_t n);
// z[i] = f(x[i step_x], y[i step_y]); z may be an operand of step 1.
template <typename T, typename R = T>
using BinaryRow = void (*)(const T* x, int64_t step_x, const T* y, int64_t step_y, R* z, int64_t n);

template <typename T, typename R>
class UnaryKernel : public ElementwiseKernel {
 public:
  UnaryKernel(UnaryRow<Wide<T>, Wide<R>> row, int64_t grain)
      : ElementwiseKernel({DTypeOf<T>}, DTypeOf<R>, grain), row_(row) {}

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    R* y = c.out<R>();
    ParallelFor(c.input(0).num_elements(), grain(),
                [&](int64_t begin, int64_t end) { Row(x + begin, y + begin, end - begin); });
    return absl::OkStatus();
  }
  void ComputeRow(absl::Span<const RowOperand> x, void* out, int64_t n) const override {
    Row(static_cast<const T*>(x[0].data), static_cast<R*>(out), n);
  }

 private:
  void Row(const T* x, R* y, int64_t n) const {
    if constexpr (kIs16Bit<T>) {
      float wide[kWidenBlock];
      for (int64_t i = 0; i < n; i += kWidenBlock) {
        const int64_t m = std::min(kWidenBlock, n - i);
        WidenRow(x + i, wide, m);
        if constexpr (kIs16Bit<R>) {
          row_(wide, wide, m);
          NarrowRow(wide, y + i, m);
        } else {
          row_(wide, y + i, m);
        }
      }
    } else {
      row_(x, y, n);
    }
  }

  UnaryRow<Wide<T>, Wide<R>> row_;
};

template <typename T, typename R>
class BinaryKernel : public ElementwiseKernel {
 public:
  BinaryKernel(const KernelInit& init, BinaryRow<Wide<T>, Wide<R>> row, int64_t grain,
               const char* zero_divisor)
      : ElementwiseKernel({DTypeOf<T>, DTypeOf<T>}, DTypeOf<R>, grain),
        walk_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1]),
        row_(row),
        zero_divisor_(zero_divisor) {}

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    const T* y = c.in<T>(1);
    R* z = c.out<R>();
    if (walk_.rows() == 0) return absl::OkStatus();
    if constexpr (std::is_integral_v<T>) {
      const auto divisors = c.input(1).flat<T>();
      if (zero_divisor_ != nullptr && std::count(divisors.begin(), divisors.end(), T{0}) > 0) {
        return absl::InvalidArgumentError(zero_divisor_);
      }
    }
    const int64_t inner = walk_.inner(), sx = walk_.inner_stride_a(), sy = walk_.inner_stride_b();
    if (walk_.rows() == 1) {
      ParallelFor(inner, grain(), [&](int64_t begin, int64_t end) {
        Row(x + begin * sx, sx, y + begin * sy, sy, z + begin, end - begin);
      });
      return absl::OkStatus();
    }
    ParallelFor(walk_.rows(), std::max<int64_t>(1, grain() / inner),
                [&](int64_t begin, int64_t end) {
                  walk_.ForRows(begin, end, [&](int64_t at, int64_t a, int64_t b, int64_t) {
                    Row(x + a, sx, y + b, sy, z + at, inner);
                  });
                });
    return absl::OkStatus();
  }
  // Floating-point types have no zero divisors.
  void ComputeRow(absl::Span<const RowOperand> x, void* out, int64_t n) const override {
    Row(static_cast<const T*>(x[0].data), x[0].step, static_cast<const T*>(x[1].data), x[1].step,
        static_cast<R*>(out), n);
  }

 private:
  void Row(const T* x, int64_t step_x, const T* y, int64_t step_y, R* z, int64_t n) const {
    if constexpr (kIs16Bit<T>) {
      float a[kWidenBlock], b[kWidenBlock];
      for (int64_t i = 0; i < n; i += kWidenBlock) {
        const int64_t m = std::min(kWidenBlock, n - i);
        const int64_t step_a = WidenStrided(x + i * step_x, step_x, m, a);
        const int64_t step_b = WidenStrided(y + i * step_y, step_y, m, b);
        if constexpr (kIs16Bit<R>) {
          float result[kWidenBlock];
          row_(a, step_a, b, step_b, result, m);
          NarrowRow(result, z + i, m);
        } else {
          row_(a, step_a, b, step_b, z + i, m);
        }
      }
    } else {
      row_(x, step_x, y, step_y, z, n);
    }
  }
  // Returns the step of `wide`: 0 where x has but one element.
  static int64_t WidenStrided(const T* x, int64_t step, int64_t n, float* wide) {
    if (step == 1) {
      WidenRow(x, wide, n);
      return 1;
    }
    const int64_t distinct = step == 0 ? 1 : n;
    for (int64_t i = 0; i < distinct; ++i) wide[i] = static_cast<float>(x[i * step]);
    return step == 0 ? 0 : 1;
  }

  BroadcastWalk walk_;
  BinaryRow<Wide<T>, Wide<R>> row_;
  const char* zero_divisor_;
};

// Rows from a functor that maps one element: F::Apply(x), F::Apply(x, y).
template <typename F, typename T, typename R>
void PlainUnaryRow(const T* x, R* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = F::Apply(x[i]);
}
template <typename F, typename T, typename R>
void PlainBinaryRow(const T* x, int64_t step_x, const T* y, int64_t step_y, R* z, int64_t n) {
  if (step_x == 1 && step_y == 1) {
    for (int64_t i = 0; i < n; ++i) z[i] = F::Apply(x[i], y[i]);
  } else if (step_x == 1 && step_y == 0) {
    const T fixed = *y;
    for (int64_t i = 0; i < n; ++i) z[i] = F::Apply(x[i], fixed);
  } else {
    for (int64_t i = 0; i < n; ++i) z[i] = F::Apply(x[i * step_x], y[i * step_y]);
  }
}

// Registers an element-wise op for T = each of Ts; R: the type of the result, where it is not T.
struct SameAsT {};
template <typename F, typename R = SameAsT>
struct Elementwise {
  template <typename T>
  using Result = std::conditional_t<std::is_same_v<R, SameAsT>, T, R>;
  // The row for float where it is not F's loop.
  UnaryRow<float, Wide<Result<float>>> float_unary = nullptr;
  BinaryRow<float, Wide<Result<float>>> float_binary = nullptr;
  // Elements worth about 20 us.
  int64_t grain = 1 << 16;
  // The error of an integer divisor that is 0; null: allowed.
  const char* zero_divisor = nullptr;

  template <typename... Ts>
  bool RegisterUnary(const std::string& op) const {
    return RegisterFor<Ts...>(
        op, [this]<typename T>() { return UnaryFactory<T>(); },
        std::is_same_v<R, SameAsT> ? std::vector<InPlace>{{0, 0}} : std::vector<InPlace>{});
  }
  template <typename... Ts>
  bool RegisterBinary(const std::string& op) const {
    return RegisterFor<Ts...>(
        op, [this]<typename T>() { return BinaryFactory<T>(); },
        std::is_same_v<R, SameAsT> ? std::vector<InPlace>{{0, 0}, {1, 0}} : std::vector<InPlace>{});
  }

 private:
  template <typename T>
  KernelFactory UnaryFactory() const {
    using W = Wide<T>;
    using V = Wide<Result<T>>;
    UnaryRow<W, V> row = &PlainUnaryRow<F, W, V>;
    if constexpr (std::is_same_v<W, float>) {
      if (float_unary != nullptr) row = float_unary;
    }
    return [row, grain = grain](const KernelInit&) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<UnaryKernel<T, Result<T>>>(row, grain);
    };
  }
  template <typename T>
  KernelFactory BinaryFactory() const {
    using W = Wide<T>;
    using V = Wide<Result<T>>;
    BinaryRow<W, V> row = &PlainBinaryRow<F, W, V>;
    if constexpr (std::is_same_v<W, float>) {
      if (float_binary != nullptr) row = float_binary;
    }
    return [row, grain = grain, zero = zero_divisor](
               const KernelInit& init) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<BinaryKernel<T, Result<T>>>(init, row, grain, zero);
    };
  }
};

// The lists of types for RegisterUnary and RegisterBinary.
#define VIV_FLOATING float, double, BFloat16, Half
#define VIV_INTEGERS int8_t, uint8_t, int32_t, int64_t
#define VIV_NUMBERS VIV_FLOATING, VIV_INTEGERS

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ELEMENTWISE_H_
