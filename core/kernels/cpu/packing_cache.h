// Packed forms of variables' values, shared by all kernels of the process.
#ifndef VIV_CORE_KERNELS_CPU_PACKING_CACHE_H_
#define VIV_CORE_KERNELS_CPU_PACKING_CACHE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/thread_annotations.h"
#include "core/device/kernel.h"
#include "core/kernels/cpu/packed_gemm.h"

namespace viv {

// Keeps the newest version of each matrix, the most recently used ones up to a limit of bytes. Safe
// for concurrent use.
class PackingCache {
 public:
  // What a packed matrix is made of; see PackMatrix. The float value of a variable is packed
  // straight into bfloat16 where the terms are that: there is no copy of it in between.
  struct Source {
    ValueVersion value;
    Terms terms = Terms::kFloat;
    MatrixView matrix;
    int64_t k = 0, n = 0;
    // 0 for such a matrix. Others (the filters of convolutions) name their forms by numbers of
    // their own, and of the matrix only the data counts.
    uint64_t form = 0;
    // What was multiplied into it.
    std::vector<float> factor;
  };
  // The value at `data` in a form of its own (not 0), which also depends on `factor`.
  struct Form {
    ValueVersion value;
    const void* data = nullptr;
    uint64_t form = 0;
    absl::Span<const float> factor;
  };

  explicit PackingCache(size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  // The cache of the process. Never destroyed.
  static PackingCache& Global();

  // The packed matrix, for Product::packed. Null where the value is no variable's, and where memory
  // is short. Whether it is null does not depend on earlier calls: results have the same bits each
  // time.
  std::shared_ptr<const void> Find(const Source& source);
  // The same for another form, of so many bytes, that `pack` writes. Null too where that fails.
  std::shared_ptr<const void> Find(const Form& form, size_t bytes,
                                   absl::FunctionRef<absl::Status(void*)> pack);

  size_t bytes() const;

 private:
  struct Entry {
    Source source;
    std::shared_ptr<void> packed;
    size_t bytes = 0;
  };
  std::shared_ptr<const void> Find(Entry entry, absl::FunctionRef<absl::Status(void*)> pack);
  void Shrink() VIV_REQUIRES(mutex_);

  const size_t limit_bytes_;
  mutable Mutex mutex_;
  // The most recently used one first. Few: weight matrices, not tensors.
  std::list<Entry> entries_ VIV_GUARDED_BY(mutex_);
  size_t bytes_ VIV_GUARDED_BY(mutex_) = 0;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_PACKING_CACHE_H_
