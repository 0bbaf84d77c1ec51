// Add, Sub, Mul, Div with broadcasting.
#include <type_traits>

#include "core/base/parallel.h"
#include "core/kernels/cpu/broadcast.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 16;

// Integers wrap: signed overflow would be undefined.
template <typename T, typename F>
T Wrapping(T x, T y, F f) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(f(static_cast<U>(x), static_cast<U>(y)));
  } else {
    return f(x, y);
  }
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
  static T Apply(T x, T y) {
    // The most negative integer divided by -1 wraps too.
    if constexpr (std::is_integral_v<T>) {
      if (y == -1) return SubOp::Apply(T{0}, x);
    }
    return x / y;
  }
};

template <typename T, typename Op>
class BinaryKernel : public Kernel {
 public:
  explicit BinaryKernel(const KernelInit& init)
      : walk_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1]),
        elements_(init.output_shapes[0].num_elements()) {}

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    const T* y = c.in<T>(1);
    T* z = c.out<T>();
    if (std::is_integral_v<T> && std::is_same_v<Op, DivOp> && elements_ > 0) {
      for (const T divisor : c.input(1).flat<T>()) {
        if (divisor == 0) return absl::InvalidArgumentError("division of an integer by zero");
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
  void Inner(const T* x, const T* y, T* z, int64_t n) const {
    const int64_t sx = walk_.inner_stride_a(), sy = walk_.inner_stride_b();
    if (sx == 1 && sy == 1) {
      for (int64_t i = 0; i < n; ++i) z[i] = Op::Apply(x[i], y[i]);
    } else if (sx == 1 && sy == 0) {
      const T fixed = *y;
      for (int64_t i = 0; i < n; ++i) z[i] = Op::Apply(x[i], fixed);
    } else if (sx == 0 && sy == 1) {
      const T fixed = *x;
      for (int64_t i = 0; i < n; ++i) z[i] = Op::Apply(fixed, y[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) z[i] = Op::Apply(x[i * sx], y[i * sy]);
    }
  }

  BroadcastWalk walk_;
  int64_t elements_;
};

template <typename Op>
bool RegisterBinary(const char* op) {
  return RegisterFor<float, double, int32_t, int64_t>(
      op, []<typename T>() { return MakeKernel<BinaryKernel<T, Op>>(); }, {{0, 0}, {1, 0}});
}

const bool kAdd = RegisterBinary<AddOp>("Add");
const bool kSub = RegisterBinary<SubOp>("Sub");
const bool kMul = RegisterBinary<MulOp>("Mul");
const bool kDiv = RegisterBinary<DivOp>("Div");

}  // namespace
}  // namespace viv
