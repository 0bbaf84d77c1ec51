// OneHot, SequenceMask and Range.
#include <algorithm>

#include "core/device/kernel.h"
#include "core/kernels/cpu/convert.h"
#include "core/kernels/cpu/wrapping.h"

namespace viv {
namespace {

template <typename T>
class OneHotKernel : public Kernel {
 public:
  explicit OneHotKernel(const KernelInit& init)
      : depth_(init.attrs.Int("depth")),
        on_(Convert<T>(init.attrs.Float("on"))),
        off_(Convert<T>(init.attrs.Float("off"))) {}
  absl::Status Compute(const KernelContext& c) const override {
    std::fill_n(c.out<T>(), c.output(0).num_elements(), off_);
    for (int64_t i = 0; i < c.input(0).num_elements(); ++i) {
      const int64_t index = c.input(0).ElementAsInt(i);
      if (index >= 0 && index < depth_) c.out<T>()[i * depth_ + index] = on_;
    }
    return absl::OkStatus();
  }

 private:
  int64_t depth_;
  T on_, off_;
};

template <typename T>
absl::Status SequenceMask(const KernelContext& c) {
  const int64_t length = c.output(0).dim(c.output(0).rank() - 1);
  for (int64_t i = 0; i < c.input(0).num_elements(); ++i) {
    const int64_t valid = std::clamp<int64_t>(c.input(0).ElementAsInt(i), 0, length);
    T* row = c.out<T>() + i * length;
    std::fill_n(row, valid, T{1});
    std::fill_n(row + valid, length - valid, T{0});
  }
  return absl::OkStatus();
}

template <typename... Ts>
bool RegisterByResult() {
  (KernelRegistration(KernelDef{.op = "OneHot",
                                .device = "cpu",
                                .types = {{"dtype", DTypeOf<Ts>}},
                                .factory = MakeKernel<OneHotKernel<Ts>>()}),
   ...);
  (KernelRegistration("SequenceMask", "cpu", {{"dtype", DTypeOf<Ts>}}, &SequenceMask<Ts>), ...);
  return true;
}
const bool kByResult =
    RegisterByResult<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t, bool>();

template <typename T>
absl::Status Range(const KernelContext& c) {
  // Of integers, i * step may be too great where the sum is not.
  const T start = c.input(0).scalar<T>(), step = c.input(2).scalar<T>();
  for (int64_t i = 0; i < c.output(0).num_elements(); ++i) {
    c.out<T>()[i] = WrappingAdd(start, WrappingMul(static_cast<T>(i), step));
  }
  return absl::OkStatus();
}
template <typename... Ts>
bool RegisterRange() {
  (KernelRegistration("Range", "cpu", {{"T", DTypeOf<Ts>}}, &Range<Ts>), ...);
  return true;
}
const bool kRange = RegisterRange<float, double, int32_t, int64_t>();

}  // namespace
}  // namespace viv
