// QuantizedConv2D, Quantize and Dequantize.
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/channel_lanes.h"
#include "core/kernels/cpu/elementwise_rows.h"
#include "core/kernels/cpu/int8_convolution.h"
#include "core/kernels/cpu/register.h"
#include "core/tensor/quantized.h"

namespace viv {
namespace {

// Elements that a thread had better do at once.
constexpr int64_t kGrain = 65536;

class QuantizedConvKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    const ConvGeometry geometry(init.attrs, init.input_shapes[0], init.input_shapes[1],
                                init.output_shapes[0].ToShape());
    const bool bytes = init.attrs.Type("dtype") == kUInt8;
    auto kernel = std::make_unique<QuantizedConvKernel>();
    kernel->epilogue_ = {.x_scale = static_cast<float>(init.attrs.Float("x_scale")),
                         .y_scale = bytes ? static_cast<float>(init.attrs.Float("y_scale")) : 0,
                         .factor = init.input_shapes.size() > 3,
                         .relu = init.attrs.Bool("relu")};
    if (!geometry.empty()) {
      ASSIGN_OR_RETURN(kernel->plan_, MakeInt8Plan(geometry, kernel->epilogue_));
    }
    return kernel;
  }

  size_t scratch_bytes() const override { return plan_ == nullptr ? 0 : plan_->scratch_bytes(); }

  absl::Status Compute(const KernelContext& c) const override {
    if (plan_ == nullptr) {
      FillWithShift(c);
      return absl::OkStatus();
    }
    return plan_->Run(FusedConvOperands(c), c.scratch());
  }

 private:
  // The convolution is all zeros.
  void FillWithShift(const KernelContext& c) const {
    const float* const shift = c.in<float>(2);
    const int64_t k = c.input(2).dim(0);
    for (int64_t i = 0; i < c.output(0).num_elements(); ++i) {
      const float y = shift[i % k], above = y < 0 ? 0 : y;
      if (epilogue_.y_scale == 0) {
        c.out<float>()[i] = epilogue_.relu ? above : y;
      } else {
        const float steps = std::nearbyint(above / epilogue_.y_scale);
        c.out<uint8_t>()[i] = static_cast<uint8_t>(std::min<float>(steps, kGreatestByte));
      }
    }
  }

  Int8Epilogue epilogue_;
  // Null where the convolution is all zeros.
  std::unique_ptr<ConvPlan> plan_;
};
const KernelRegistration kFloats({.op = "QuantizedConv2D",
                                  .device = "cpu",
                                  .types = {{"dtype", kFloat}},
                                  .factory = &QuantizedConvKernel::Make});
const KernelRegistration kBytes({.op = "QuantizedConv2D",
                                 .device = "cpu",
                                 .types = {{"dtype", kUInt8}},
                                 .factory = &QuantizedConvKernel::Make});

template <typename T>
class QuantizeKernel : public Kernel {
 public:
  explicit QuantizeKernel(const KernelInit& init)
      : inverse_(1 / static_cast<float>(init.attrs.Float("scale"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const auto* const x = AsBits(c.in<T>(0));
    uint8_t* const y = c.out<uint8_t>();
    ParallelFor(c.output(0).num_elements(), kGrain, [&](int64_t begin, int64_t end) {
      if constexpr (std::is_same_v<T, float>) {
        VIV_CALL_ISA(QuantizeBytesRow)(x + begin, inverse_, y + begin, end - begin);
        return;
      } else {
        float wide[512];
        for (int64_t i = begin; i < end; i += std::size(wide)) {
          const int64_t n = std::min<int64_t>(std::size(wide), end - i);
          VIV_CALL_ISA(WidenBFloat16Row)(x + i, wide, n);
          VIV_CALL_ISA(QuantizeBytesRow)(wide, inverse_, y + i, n);
        }
      }
    });
    return absl::OkStatus();
  }

 private:
  const float inverse_;
};
const bool kQuantize = RegisterFor<float, BFloat16>(
    "Quantize", []<typename T>() { return MakeKernel<QuantizeKernel<T>>(); });

class DequantizeKernel : public Kernel {
 public:
  explicit DequantizeKernel(const KernelInit& init)
      : scale_(static_cast<float>(init.attrs.Float("scale"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const uint8_t* const x = c.in<uint8_t>(0);
    float* const y = c.out<float>();
    ParallelFor(c.output(0).num_elements(), kGrain, [&](int64_t begin, int64_t end) {
      VIV_CALL_ISA(DequantizeBytesRow)(x + begin, scale_, y + begin, end - begin);
    });
    return absl::OkStatus();
  }

 private:
  const float scale_;
};
const KernelRegistration kDequantize({.op = "Dequantize",
                                      .device = "cpu",
                                      .factory = MakeKernel<DequantizeKernel>()});

}  // namespace
}  // namespace viv
