// Memory of a thread for what a product packs.
#ifndef VIV_CORE_KERNELS_CPU_THREAD_BUFFER_H_
#define VIV_CORE_KERNELS_CPU_THREAD_BUFFER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/status.h"
#include "core/tensor/allocator.h"

namespace viv {

// Grows as needed and is kept.
class ThreadBuffer {
 public:
  ThreadBuffer() = default;
  ThreadBuffer(const ThreadBuffer&) = delete;
  ThreadBuffer& operator=(const ThreadBuffer&) = delete;
  ~ThreadBuffer() { Release(); }

  // At least so many bytes, aligned to a cache line, until the next call.
  absl::StatusOr<uint32_t*> Get(size_t bytes) {
    if (bytes > bytes_) {
      Release();
      ASSIGN_OR_RETURN(memory_, Allocator::Cpu()->Allocate(bytes));
      bytes_ = bytes;
    }
    return static_cast<uint32_t*>(memory_);
  }

 private:
  void Release() {
    if (memory_ != nullptr) Allocator::Cpu()->Deallocate(memory_, bytes_);
    memory_ = nullptr;
    bytes_ = 0;
  }
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_THREAD_BUFFER_H_
