// Dropout: 16 random bits an element, from Philox at (element, example).
#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/kernels/cpu/dropout_bits.h"
#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

template <typename T>
class DropoutKernel : public Kernel {
 public:
  explicit DropoutKernel(const KernelInit& init)
      : key_(HashString64(init.attrs.String("key"))),
        threshold_(static_cast<uint32_t>(init.attrs.Float("rate") * 65536 + 0.5)),
        scale_(static_cast<Wide<T>>(65536.0 / (65536.0 - std::min(threshold_, 65535u)))) {
    const Shape& shape = init.input_shapes[0];
    if (shape.rank() == 0) return;
    const int64_t axis = init.attrs.Int("batch_axis");
    const int at = static_cast<int>(axis < 0 ? axis + shape.rank() : axis);
    outer_ = shape.Elements(0, at);
    batch_ = shape.dim(at);
    inner_ = shape.Elements(at + 1, shape.rank());
  }

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    T* y = c.out<T>();
    if (c.num_inputs() > 1 && !*c.in<bool>(1)) {
      if (x != y) std::copy_n(x, c.input(0).num_elements(), y);
      return absl::OkStatus();
    }
    const StepInfo& step = c.step();
    const uint64_t key =
        HashCombine(HashCombine(step.seed, key_), HashCombine(step.step, step.loop_index));
    const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, inner_));
    ParallelFor(outer_ * batch_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        Row(key, row / batch_, step.first_example + row % batch_, x + row * inner_,
            y + row * inner_);
      }
    });
    return absl::OkStatus();
  }

 private:
  void Row(uint64_t key, int64_t outer, uint64_t example, const T* x, T* y) const {
    alignas(64) uint32_t bits[kDropoutGroup];
    uint64_t group = outer * ((inner_ + kDropoutGroup - 1) / kDropoutGroup);
    for (int64_t j = 0; j < inner_; j += kDropoutGroup, ++group) {
      VIV_CALL_ISA(DropoutBits)(key, example, group, bits);
      DropoutApply(bits, threshold_, scale_, x + j, std::min(kDropoutGroup, inner_ - j), y + j);
    }
  }

  const uint64_t key_;
  const uint32_t threshold_;
  const Wide<T> scale_;
  int64_t outer_ = 1, batch_ = 1, inner_ = 1;
};
const bool kDropout = RegisterFor<float, double, BFloat16>(
    "Dropout", []<typename T>() { return MakeKernel<DropoutKernel<T>>(); }, {{0, 0}});

}  // namespace
}  // namespace viv
