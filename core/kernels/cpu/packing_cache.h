// Packed forms of variables' values, shared by all kernels of the process.
#ifndef VIV_CORE_KERNELS_CPU_PACKING_CACHE_H_
#define VIV_CORE_KERNELS_CPU_PACKING_CACHE_H_

#include <cstdint>
#include <list>
#include <memory>

#include "core/base/thread_annotations.h"
#include "core/device/kernel.h"

namespace viv {

// Keeps the newest version of each matrix, the most recently used ones up to a limit of bytes. Safe
// for concurrent use.
class PackingCache {
 public:
  // What a packed matrix is made of; see PackMatrix.
  struct Source {
    ValueVersion value;
    const float* data = nullptr;
    int64_t ldb = 0;
    bool transpose = false;
    int64_t k = 0, n = 0;
  };

  explicit PackingCache(size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  // The cache of the process. Never destroyed.
  static PackingCache& Global();

  // The packed matrix, for PackedGemm. Null where the value is no variable's, and where memory is
  // short. Whether it is null does not depend on earlier calls: results have the same bits each
  // time.
  std::shared_ptr<const float> Find(const Source& source);

  size_t bytes() const;

 private:
  struct Entry {
    Source source;
    std::shared_ptr<float> packed;
    size_t bytes = 0;
  };
  void Shrink() VIV_REQUIRES(mutex_);

  const size_t limit_bytes_;
  mutable Mutex mutex_;
  // The most recently used one first. Few: weight matrices, not tensors.
  std::list<Entry> entries_ VIV_GUARDED_BY(mutex_);
  size_t bytes_ VIV_GUARDED_BY(mutex_) = 0;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_PACKING_CACHE_H_
