// LogUniformSampler: classes by inversion of the distribution function, each from 32 random bits.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/device/kernel.h"

namespace viv {
namespace {

// Leaves nothing of a probability, and is finite.
constexpr float kNever = -1e30f;

template <typename I>
class Sampler : public Kernel {
 public:
  explicit Sampler(const KernelInit& init)
      : name_(HashString64(init.node_name)),
        classes_(init.attrs.Int("classes")),
        count_(init.attrs.Int("count")) {}

  // The corrections of the samples.
  size_t scratch_bytes() const override { return count_ * sizeof(float); }

  absl::Status Compute(const KernelContext& c) const override {
    const Tensor& labels = c.input(0);
    for (int64_t i = 0; i < labels.num_elements(); ++i) {
      const int64_t label = labels.ElementAsInt(i);
      if (label < 0 || label >= classes_) {
        return absl::OutOfRangeError(
            absl::StrCat("label ", label, " of row ", i, " is outside [0, ", classes_, ")"));
      }
    }
    I* samples = c.out<I>(0);
    Draw(c.step(), samples);
    float* of_samples = static_cast<float*>(c.scratch());
    for (int64_t s = 0; s < count_; ++s) of_samples[s] = Correction(samples[s]);
    float* correction = c.out<float>(1);
    ParallelFor(labels.num_elements(), std::max<int64_t>(1, 4096 / count_),
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    Row(labels.ElementAsInt(i), samples, of_samples, correction + i * (count_ + 1));
                  }
                });
    return absl::OkStatus();
  }

 private:
  void Draw(const StepInfo& step, I* samples) const {
    const uint64_t key =
        HashCombine(HashCombine(step.seed, name_), HashCombine(step.step, step.loop_index));
    for (int64_t i = 0; i < count_; ++i) {
      const int64_t block = i / 4;
      const auto words =
          Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                     {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
      const double u = words[i % 4] * 0x1p-32;
      const double k = std::exp(u * std::log1p(static_cast<double>(classes_))) - 1;
      samples[i] = static_cast<I>(std::min(static_cast<int64_t>(k), classes_ - 1));
    }
  }

  // Minus the logarithm of how often k is expected among the samples.
  float Correction(int64_t k) const {
    const double p =
        std::log1p(1.0 / static_cast<double>(k + 1)) / std::log1p(static_cast<double>(classes_));
    return static_cast<float>(-std::log(p * static_cast<double>(count_)));
  }

  void Row(int64_t label, const I* samples, const float* of_samples, float* row) const {
    row[0] = 0;
    // A sample that is the label would count it twice.
    for (int64_t s = 0; s < count_; ++s) {
      row[1 + s] = samples[s] == label ? kNever : of_samples[s];
    }
  }

  const uint64_t name_;
  const int64_t classes_, count_;
};
const KernelRegistration kInt32Sampler({.op = "LogUniformSampler",
                                        .device = "cpu",
                                        .types = {{"I", kInt32}},
                                        .factory = MakeKernel<Sampler<int32_t>>()});
const KernelRegistration kInt64Sampler({.op = "LogUniformSampler",
                                        .device = "cpu",
                                        .types = {{"I", kInt64}},
                                        .factory = MakeKernel<Sampler<int64_t>>()});

}  // namespace
}  // namespace viv
