// Memory for tensors.
#ifndef VIV_CORE_TENSOR_ALLOCATOR_H_
#define VIV_CORE_TENSOR_ALLOCATOR_H_

#include <cstddef>

#include "absl/status/statusor.h"

namespace viv {

// Safe for use by several threads at once.
class Allocator {
 public:
  // Alignment of every block: a cache line, and the widest vector register.
  static constexpr size_t kAlignment = 64;

  virtual ~Allocator() = default;
  // `bytes` may be 0. ResourceExhausted where there is not enough memory.
  virtual absl::StatusOr<void*> Allocate(size_t bytes) = 0;
  virtual void Deallocate(void* data, size_t bytes) = 0;

  // Host memory. Never destroyed.
  static Allocator* Cpu();
};

}  // namespace viv

#endif  // VIV_CORE_TENSOR_ALLOCATOR_H_
