// The packing cache.
#include "core/kernels/cpu/packing_cache.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "core/tensor/allocator.h"

namespace viv {
namespace {

constexpr size_t kGlobalLimit = size_t{256} << 20;
// The same matrix, of any version of its variable.
bool SameMatrix(const PackingCache::Source& a, const PackingCache::Source& b) {
  return a.value.id == b.value.id && a.terms == b.terms && a.k == b.k && a.n == b.n &&
         a.matrix.transpose == b.matrix.transpose && a.matrix.stride == b.matrix.stride;
}
bool SameValue(const PackingCache::Source& a, const PackingCache::Source& b) {
  return a.value.version == b.value.version && a.matrix.data == b.matrix.data;
}

std::shared_ptr<void> Allocate(size_t bytes) {
  const absl::StatusOr<void*> memory = Allocator::Cpu()->Allocate(bytes);
  if (!memory.ok()) return nullptr;
  return std::shared_ptr<void>(*memory,
                               [bytes](void* data) { Allocator::Cpu()->Deallocate(data, bytes); });
}

}  // namespace

PackingCache& PackingCache::Global() {
  alignas(PackingCache) static char storage[sizeof(PackingCache)];
  static PackingCache* const cache = ::new (storage) PackingCache(kGlobalLimit);
  return *cache;
}

std::shared_ptr<const void> PackingCache::Find(const Source& source) {
  if (source.value.id == 0) return nullptr;
  Entry entry{.source = source, .bytes = PackedBytes(source.terms, source.k, source.n)};
  {
    MutexLock lock(mutex_);
    const auto it = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& candidate) {
      return SameMatrix(candidate.source, source);
    });
    if (it != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, it);
      if (SameValue(it->source, source)) return it->packed;
      // Write over the old version, unless somebody still reads it.
      if (it->packed.use_count() == 1) entry.packed = std::move(it->packed);
      bytes_ -= it->bytes;
      entries_.erase(it);
    }
  }
  // Two threads may pack the same matrix at once: harmless, and nobody waits for the lock.
  if (entry.packed == nullptr) entry.packed = Allocate(entry.bytes);
  if (entry.packed == nullptr) return nullptr;
  PackMatrix(source.terms, source.matrix, source.k, source.n, entry.packed.get());
  std::shared_ptr<const void> packed = entry.packed;
  MutexLock lock(mutex_);
  bytes_ += entry.bytes;
  entries_.push_front(std::move(entry));
  while (bytes_ > limit_bytes_ && !entries_.empty()) Shrink();
  return packed;
}

void PackingCache::Shrink() {
  bytes_ -= entries_.back().bytes;
  entries_.pop_back();
}

size_t PackingCache::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace viv
