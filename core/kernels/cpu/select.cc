// Select: x where the condition holds, else y, all three broadcast.
#include "core/base/parallel.h"
#include "core/kernels/cpu/elementwise.h"

namespace viv {
namespace {

template <typename T>
class SelectKernel : public ElementwiseKernel {
 public:
  explicit SelectKernel(const KernelInit& init)
      : ElementwiseKernel({kBool, DTypeOf<T>, DTypeOf<T>}, DTypeOf<T>, kGrain),
        walk_(init.output_shapes[0].ToShape(), init.input_shapes[0], init.input_shapes[1],
              init.input_shapes[2]) {}

  absl::Status Compute(const KernelContext& c) const override {
    const bool* condition = c.in<bool>(0);
    const T* x = c.in<T>(1);
    const T* y = c.in<T>(2);
    T* z = c.out<T>();
    if (walk_.rows() == 0) return absl::OkStatus();
    const int64_t inner = walk_.inner();
    const int64_t sc = walk_.inner_stride_a(), sx = walk_.inner_stride_b();
    const int64_t sy = walk_.inner_stride_c();
    if (walk_.rows() == 1) {
      ParallelFor(inner, kGrain, [&](int64_t begin, int64_t end) {
        Row(condition + begin * sc, sc, x + begin * sx, sx, y + begin * sy, sy, z + begin,
            end - begin);
      });
      return absl::OkStatus();
    }
    ParallelFor(walk_.rows(), std::max<int64_t>(1, kGrain / inner),
                [&](int64_t begin, int64_t end) {
                  walk_.ForRows(begin, end, [&](int64_t at, int64_t k, int64_t a, int64_t b) {
                    Row(condition + k, sc, x + a, sx, y + b, sy, z + at, inner);
                  });
                });
    return absl::OkStatus();
  }
  void ComputeRow(absl::Span<const RowOperand> x, void* out, int64_t n) const override {
    Row(static_cast<const bool*>(x[0].data), x[0].step, static_cast<const T*>(x[1].data), x[1].step,
        static_cast<const T*>(x[2].data), x[2].step, static_cast<T*>(out), n);
  }

 private:
  static constexpr int64_t kGrain = 1 << 15;

  static void Row(const bool* condition, int64_t sc, const T* x, int64_t sx, const T* y, int64_t sy,
                  T* z, int64_t n) {
    if (sc == 1 && sx == 1 && sy == 1) {
      for (int64_t i = 0; i < n; ++i) z[i] = condition[i] ? x[i] : y[i];
    } else {
      for (int64_t i = 0; i < n; ++i) z[i] = condition[i * sc] ? x[i * sx] : y[i * sy];
    }
  }

  BroadcastWalk walk_;
};

const bool kSelect = RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t,
                                 bool, std::string>(
    "Select", []<typename T>() { return MakeKernel<SelectKernel<T>>(); }, {{1, 0}, {2, 0}});

}  // namespace
}  // namespace viv
