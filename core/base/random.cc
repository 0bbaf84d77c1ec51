// Hashes and the sequential stream.
#include "core/base/random.h"

namespace viv {
namespace {

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

uint64_t HashString64(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return Mix(hash);
}

uint64_t HashCombine(uint64_t a, uint64_t b) { return Mix(a * 0x9e3779b97f4a7c15ull + Mix(b)); }

uint32_t RandomStream::Next() {
  const uint64_t block = position_ / 4;
  const std::array<uint32_t, 4> words =
      Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                 {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
  return words[position_++ % 4];
}

uint64_t RandomStream::Below(uint64_t n) {
  if (n <= 1) return 0;
  const uint64_t wide = (static_cast<uint64_t>(Next()) << 32) | Next();
  return static_cast<uint64_t>((static_cast<unsigned __int128>(wide) * n) >> 64);
}

}  // namespace viv
