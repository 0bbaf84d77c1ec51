// A random permutation that needs no memory.
#ifndef VIV_CORE_DATA_PERMUTATION_H_
#define VIV_CORE_DATA_PERMUTATION_H_

#include <array>
#include <cstdint>

namespace viv {

// A permutation of [0, n) that is a function of (seed, epoch): a Feistel network of Philox rounds
// over the smallest even number of bits that n fits, walked until the value is below n (J. Black
// and P. Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002).
class Permutation {
 public:
  // 0 <= n <= 2^62.
  Permutation(int64_t n, uint64_t seed, uint64_t epoch);

  // `i` is in [0, n); so is the result.
  int64_t At(int64_t i) const;

 private:
  uint64_t Encrypt(uint64_t value) const;

  uint64_t n_;
  int half_bits_;
  std::array<uint32_t, 2> key_;
};

}  // namespace viv

#endif  // VIV_CORE_DATA_PERMUTATION_H_
