// Nested loops over what is repeated and what is not.
#include "core/kernels/cpu/block_reader.h"

#include <algorithm>
#include <cstring>

namespace viv {
namespace {

template <typename T>
void Fill(const char* from, int64_t n, char* to) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  std::fill_n(reinterpret_cast<T*>(to), n, value);
}

void FillElements(const char* from, size_t bytes, int64_t n, char* to) {
  switch (bytes) {
    case 1:
      return Fill<uint8_t>(from, n, to);
    case 2:
      return Fill<uint16_t>(from, n, to);
    case 4:
      return Fill<uint32_t>(from, n, to);
    default:
      return Fill<uint64_t>(from, n, to);
  }
}

}  // namespace

BlockReader::BlockReader(const Shape& common, const Shape& operand, size_t element_bytes)
    : element_bytes_(element_bytes) {
  int64_t stride = 1;
  for (int i = common.rank() - 1; i >= 0; --i) {
    const int at = i - (common.rank() - operand.rank());
    const int64_t extent = at < 0 ? 1 : operand.dim(at);
    const Loop loop = {common.dim(i), extent == 1 ? 0 : stride};
    stride *= extent;
    if (loop.extent == 1) continue;
    // Loops that step alike are one. They are collected from the innermost on.
    Loop* const inner = loops_.empty() ? nullptr : &loops_.back();
    if (inner != nullptr && loop.stride == inner->stride * inner->extent) {
      inner->extent *= loop.extent;
    } else {
      loops_.push_back(loop);
    }
  }
  if (loops_.empty()) loops_.push_back({1, 0});
  std::reverse(loops_.begin(), loops_.end());
}

void BlockReader::Read(const void* data, int64_t begin, int64_t n, void* out) const {
  const char* const from = static_cast<const char*>(data);
  char* to = static_cast<char*>(out);
  const Loop& inner = loops_.back();
  const int64_t size = static_cast<int64_t>(element_bytes_);
  while (n > 0) {
    const int64_t column = begin % inner.extent;
    const int64_t count = std::min(n, inner.extent - column);
    int64_t offset = column * inner.stride;
    int64_t row = begin / inner.extent;
    for (size_t d = loops_.size() - 1; d-- > 0;) {
      offset += row % loops_[d].extent * loops_[d].stride;
      row /= loops_[d].extent;
    }
    if (inner.stride == 0) {
      FillElements(from + offset * size, element_bytes_, count, to);
    } else {
      std::memcpy(to, from + offset * size, count * size);
    }
    begin += count;
    n -= count;
    to += count * size;
  }
}

}  // namespace viv
