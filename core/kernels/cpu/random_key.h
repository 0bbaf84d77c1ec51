// The key of a random node's numbers, and blocks of them.
#ifndef VIV_CORE_KERNELS_CPU_RANDOM_KEY_H_
#define VIV_CORE_KERNELS_CPU_RANDOM_KEY_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <tuple>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/device/kernel.h"

namespace viv {

class RandomKey {
 public:
  // By the attribute `key` or, where it is empty, by the node's name.
  explicit RandomKey(const KernelInit& init)
      : name_(HashString64(init.attrs.String("key").empty() ? init.node_name
                                                            : init.attrs.String("key"))) {}
  uint64_t At(const StepInfo& step) const {
    return HashCombine(HashCombine(step.seed, name_), HashCombine(step.step, step.loop_index));
  }

 private:
  uint64_t name_;
};

inline std::array<uint32_t, 4> PhiloxBlock(uint64_t key, uint64_t block, uint32_t c, uint32_t d) {
  return Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), c, d},
                    {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_RANDOM_KEY_H_
