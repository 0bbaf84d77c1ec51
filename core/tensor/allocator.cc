// Host memory from the C library.
#include "core/tensor/allocator.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace viv {
namespace {

class CpuAllocator : public Allocator {
 public:
  absl::StatusOr<void*> Allocate(size_t bytes) override {
    if (bytes > SIZE_MAX - kAlignment) return TooLarge(bytes);
    const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    void* data = std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded);
    if (data == nullptr) return TooLarge(bytes);
    return data;
  }
  void Deallocate(void* data, size_t) override { std::free(data); }

 private:
  static absl::Status TooLarge(size_t bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot allocate ", bytes, " bytes of memory"));
  }
};

}  // namespace

Allocator* Allocator::Cpu() {
  // Outlives every static tensor, so it is never destroyed.
  alignas(CpuAllocator) static char storage[sizeof(CpuAllocator)];
  static Allocator* const allocator = ::new (storage) CpuAllocator;
  return allocator;
}

}  // namespace viv
