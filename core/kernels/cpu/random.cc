// Random numbers from Philox: element i is a function of (seed, node, step, loop index, i).
#include "core/base/random.h"

#include "core/kernels/cpu/random_key.h"

namespace viv {
namespace {

enum class Law { kUniform, kNormal, kTruncated };

template <Law kLaw>
class RandomKernel : public Kernel {
 public:
  explicit RandomKernel(const KernelInit& init)
      : key_(init),
        low_(kLaw == Law::kUniform ? static_cast<float>(init.attrs.Float("low")) : 0),
        scale_(static_cast<float>(kLaw == Law::kUniform
                                      ? init.attrs.Float("high") - init.attrs.Float("low")
                                      : init.attrs.Float("stddev"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const uint64_t key = key_.At(c.step());
    float* y = c.out<float>();
    const int64_t n = c.output(0).num_elements();
    ParallelFor((n + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        float values[4];
        Draw(key, block, values);
        for (int64_t i = 4 * block; i < std::min(n, 4 * block + 4); ++i) {
          y[i] = low_ + scale_ * values[i % 4];
        }
      }
    });
    return absl::OkStatus();
  }

 private:
  static void Draw(uint64_t key, int64_t block, float* values) {
    Fill(PhiloxBlock(key, block, 0, 0), values);
    if (kLaw != Law::kTruncated) return;
    const auto is_far = [](float v) { return std::abs(v) > 2; };
    for (uint32_t attempt = 1; std::any_of(values, values + 4, is_far); ++attempt) {
      float fresh[4];
      Fill(PhiloxBlock(key, block, attempt, 0), fresh);
      for (int i = 0; i < 4; ++i) {
        if (is_far(values[i])) values[i] = fresh[i];
      }
    }
  }

  static void Fill(const std::array<uint32_t, 4>& bits, float* values) {
    if (kLaw == Law::kUniform) {
      for (int i = 0; i < 4; ++i) values[i] = UniformFloat(bits[i]);
    } else {
      std::tie(values[0], values[1]) = NormalPair(bits[0], bits[1]);
      std::tie(values[2], values[3]) = NormalPair(bits[2], bits[3]);
    }
  }

  const RandomKey key_;
  const float low_, scale_;
};

template <Law kLaw>
KernelDef Random(const char* op) {
  return {.op = op, .device = "cpu", .factory = MakeKernel<RandomKernel<kLaw>>()};
}
const KernelRegistration kUniform(Random<Law::kUniform>("RandomUniform"));
const KernelRegistration kNormal(Random<Law::kNormal>("RandomNormal"));
const KernelRegistration kTruncated(Random<Law::kTruncated>("TruncatedNormal"));

}  // namespace
}  // namespace viv
