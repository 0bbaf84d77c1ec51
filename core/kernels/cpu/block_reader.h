// Copies blocks of a broadcast tensor as if it were laid out in the shape it is broadcast to.
#ifndef VIV_CORE_KERNELS_CPU_BLOCK_READER_H_
#define VIV_CORE_KERNELS_CPU_BLOCK_READER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/tensor/shape.h"

namespace viv {

class BlockReader {
 public:
  // `operand`, of elements of 1, 2, 4 or 8 bytes, broadcasts to `common`.
  BlockReader(const Shape& common, const Shape& operand, size_t element_bytes);

  // Copies elements [begin, begin + n) of the common shape.
  void Read(const void* data, int64_t begin, int64_t n, void* out) const;

 private:
  struct Loop {
    int64_t extent;
    int64_t stride;
  };
  // The innermost last, with a stride of 0 or 1.
  std::vector<Loop> loops_;
  size_t element_bytes_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_BLOCK_READER_H_
