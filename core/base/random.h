// Random numbers that are a function of a key and a counter: the same on every machine, for any
// number of threads.
#ifndef VIV_CORE_BASE_RANDOM_H_
#define VIV_CORE_BASE_RANDOM_H_

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace viv {

// Philox4x32-10: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
inline std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter,
                                          std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(p0)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

// In [0, 1), from the upper 24 bits.
inline float UniformFloat(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

// Two independent standard normal numbers from two words (Box and Muller 1958).
inline std::pair<float, float> NormalPair(uint32_t a, uint32_t b) {
  const float radius = std::sqrt(-2.0f * std::log(1.0f - UniformFloat(a)));
  const float angle = 6.28318530717958647692f * UniformFloat(b);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

// 64-bit FNV-1a with a final mix. Stable: it is part of what a seed means.
uint64_t HashString64(absl::string_view text);
// SplitMix64's finaliser over a and b: a stable hash of the pair.
uint64_t HashCombine(uint64_t a, uint64_t b);

// A sequence of numbers for host code (shuffling, sampling). Copyable; `position` makes it
// resumable.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed, uint64_t position = 0) : seed_(seed), position_(position) {}

  uint32_t Next();
  // In [0, 1).
  float Uniform() { return UniformFloat(Next()); }
  // In [0, n), n > 0, without bias beyond 2^-32.
  uint64_t Below(uint64_t n);
  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[Below(i)]);
  }
  uint64_t position() const { return position_; }

 private:
  uint64_t seed_;
  uint64_t position_;
};

}  // namespace viv

#endif  // VIV_CORE_BASE_RANDOM_H_
