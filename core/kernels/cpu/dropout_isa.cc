// Philox4x32-10 for eight counters at once.
#include <stdint.h>

#include "core/kernels/cpu/simd.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace viv::VIV_ISA {
namespace {

constexpr int kCounters = 8;
typedef uint32_t Words __attribute__((vector_size(32)));
typedef uint64_t Products __attribute__((vector_size(32)));
typedef uint32_t UnalignedWords __attribute__((vector_size(32), aligned(4), may_alias));

// The products of the words with even index.
inline void MultiplyEven(const Products& x, uint32_t factor, Products& product) {
#if defined(__AVX2__)
  product = reinterpret_cast<Products>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(x), _mm256_set1_epi32(static_cast<int>(factor))));
#else
  product = (x & 0xffffffffu) * factor;
#endif
}

inline void Multiply(const Words& x, uint32_t factor, Words& high, Words& low) {
  Products even, odd;
  MultiplyEven(reinterpret_cast<Products>(x), factor, even);
  MultiplyEven(reinterpret_cast<Products>(x) >> 32, factor, odd);
  high = reinterpret_cast<Words>((even >> 32) | (odd & 0xffffffff00000000u));
  low = reinterpret_cast<Words>((even & 0xffffffffu) | (odd << 32));
}

}  // namespace

void DropoutBits(uint64_t key, uint64_t example, uint64_t group, uint32_t* bits) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  Words c[4];
  for (int l = 0; l < kCounters; ++l) {
    const uint64_t block = group * kCounters + l;
    c[0][l] = static_cast<uint32_t>(block);
    c[1][l] = static_cast<uint32_t>(block >> 32);
    c[2][l] = static_cast<uint32_t>(example);
    c[3][l] = static_cast<uint32_t>(example >> 32);
  }
  for (int round = 0; round < 10; ++round) {
    Words high0, low0, high1, low1;
    Multiply(c[0], 0xD2511F53u, high0, low0);
    Multiply(c[2], 0xCD9E8D57u, high1, low1);
    c[0] = high1 ^ c[1] ^ k0;
    c[2] = high0 ^ c[3] ^ k1;
    c[1] = low1;
    c[3] = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  auto* out = reinterpret_cast<UnalignedWords*>(bits);
  for (int w = 0; w < 4; ++w) {
    out[2 * w] = c[w] & 0xffffu;
    out[2 * w + 1] = c[w] >> 16;
  }
}

void DropoutApply(const uint32_t* bits, uint32_t threshold, float scale, const float* x, int64_t n,
                  float* y) {
  for (int64_t i = 0; i < n; ++i) {
    const float kept = x[i] * scale;
    y[i] = bits[i] < threshold ? 0 : kept;
  }
}

void DropoutApplyBFloat16(const uint32_t* bits, uint32_t threshold, float scale, const uint16_t* x,
                          int64_t n, uint16_t* y) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const WordVec random = *reinterpret_cast<const UnalignedWordVec*>(bits + i);
    Store(y + i, random < threshold ? Vec{} : Load(x + i) * scale);
  }
  for (; i < n; ++i) StoreOne(y + i, bits[i] < threshold ? 0 : LoadOne(x + i) * scale);
}

}  // namespace viv::VIV_ISA
