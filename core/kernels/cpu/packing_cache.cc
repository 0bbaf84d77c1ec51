// The packing cache.
#include "core/kernels/cpu/packing_cache.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "core/tensor/allocator.h"

namespace viv {
namespace {

constexpr size_t kGlobalLimit = size_t{256} << 20;
// The same matrix, of any version of its variable.
bool SameMatrix(const PackingCache::Source& a, const PackingCache::Source& b) {
  return a.value.id == b.value.id && a.form == b.form && a.terms == b.terms && a.k == b.k &&
         a.n == b.n && a.matrix.transpose == b.matrix.transpose &&
         a.matrix.stride == b.matrix.stride && a.factor.empty() == b.factor.empty();
}
bool SameValue(const PackingCache::Source& a, const PackingCache::Source& b) {
  return a.value.version == b.value.version && a.matrix.data == b.matrix.data &&
         a.factor == b.factor;
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
  return Find(Entry{.source = source, .bytes = PackedBytes(source.terms, source.k, source.n)},
              [&source](void* packed) {
                PackMatrix(source.terms, source.matrix, source.k, source.n, packed);
                return absl::OkStatus();
              });
}

std::shared_ptr<const void> PackingCache::Find(const Form& form, size_t bytes,
                                               absl::FunctionRef<absl::Status(void*)> pack) {
  if (form.value.id == 0) return nullptr;
  Entry entry{.source = {.value = form.value, .form = form.form}, .bytes = bytes};
  entry.source.matrix.data = form.data;
  entry.source.factor.assign(form.factor.begin(), form.factor.end());
  return Find(std::move(entry), pack);
}

std::shared_ptr<const void> PackingCache::Find(Entry entry,
                                               absl::FunctionRef<absl::Status(void*)> pack) {
  {
    MutexLock lock(mutex_);
    const auto it = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& candidate) {
      return SameMatrix(candidate.source, entry.source);
    });
    if (it != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, it);
      if (SameValue(it->source, entry.source)) return it->packed;
      // Write over the old version, unless somebody still reads it.
      if (it->packed.use_count() == 1) entry.packed = std::move(it->packed);
      bytes_ -= it->bytes;
      entries_.erase(it);
    }
  }
  // Two threads may pack the same matrix at once: harmless, and nobody waits for the lock.
  if (entry.packed == nullptr) entry.packed = Allocate(entry.bytes);
  if (entry.packed == nullptr || !pack(entry.packed.get()).ok()) return nullptr;
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
