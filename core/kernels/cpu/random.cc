// Random numbers from Philox: element i is a function of (seed, node, step, loop index, i).
#include "core/base/random.h"

#include "core/base/parallel.h"
#include "core/device/kernel.h"

namespace viv {
namespace {

class RandomKernel : public Kernel {
 public:
  RandomKernel(const KernelInit& init, bool normal)
      : name_(HashString64(init.attrs.String("key").empty() ? init.node_name
                                                            : init.attrs.String("key"))),
        normal_(normal),
        low_(normal ? 0 : static_cast<float>(init.attrs.Float("low"))),
        scale_(static_cast<float>(normal ? init.attrs.Float("stddev")
                                         : init.attrs.Float("high") - init.attrs.Float("low"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const StepInfo& step = c.step();
    const uint64_t key =
        HashCombine(HashCombine(step.seed, name_), HashCombine(step.step, step.loop_index));
    float* y = c.out<float>();
    const int64_t n = c.output(0).num_elements();
    ParallelFor((n + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        const auto bits =
            Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                       {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
        float values[4];
        Fill(bits, values);
        for (int64_t i = 4 * block; i < std::min(n, 4 * block + 4); ++i) {
          y[i] = low_ + scale_ * values[i % 4];
        }
      }
    });
    return absl::OkStatus();
  }

 private:
  void Fill(const std::array<uint32_t, 4>& bits, float* values) const {
    if (normal_) {
      std::tie(values[0], values[1]) = NormalPair(bits[0], bits[1]);
      std::tie(values[2], values[3]) = NormalPair(bits[2], bits[3]);
    } else {
      for (int i = 0; i < 4; ++i) values[i] = UniformFloat(bits[i]);
    }
  }

  uint64_t name_;
  bool normal_;
  float low_, scale_;
};

template <bool kNormal>
absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
  return std::unique_ptr<Kernel>(std::make_unique<RandomKernel>(init, kNormal));
}
const KernelRegistration kUniform({.op = "RandomUniform",
                                   .device = "cpu",
                                   .factory = &Make<false>});
const KernelRegistration kNormal({.op = "RandomNormal", .device = "cpu", .factory = &Make<true>});

}  // namespace
}  // namespace viv
