// Six Feistel rounds; a walk takes at most four steps on average, as the domain is below 4 n.
#include "core/data/permutation.h"

#include "core/base/random.h"

namespace viv {

Permutation::Permutation(int64_t n, uint64_t seed, uint64_t epoch)
    : n_(static_cast<uint64_t>(n)), half_bits_(1) {
  while ((uint64_t{1} << (2 * half_bits_)) < n_) ++half_bits_;
  const uint64_t key = HashCombine(seed, epoch);
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
}

uint64_t Permutation::Encrypt(uint64_t value) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_;
  uint64_t right = value & mask;
  for (uint32_t round = 0; round < 6; ++round) {
    const uint64_t bits = Philox4x32({static_cast<uint32_t>(right), round, 0, 0}, key_)[0];
    const uint64_t next = left ^ (bits & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

int64_t Permutation::At(int64_t i) const {
  uint64_t value = static_cast<uint64_t>(i);
  do {
    value = Encrypt(value);
  } while (value >= n_);
  return static_cast<int64_t>(value);
}

}  // namespace viv
