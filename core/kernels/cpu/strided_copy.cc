// Neighbouring dimensions that both sides step through alike become one. Where the source is read
// across its rows, two dimensions are walked in square tiles that fit the cache.
#include "core/kernels/cpu/strided_copy.h"

#include <algorithm>
#include <string>

#include "core/base/parallel.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 15;  // elements
constexpr int64_t kTile = 16;

}  // namespace

Dims DenseStrides(const Shape& shape) {
  Dims strides(shape.rank());
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= shape.dim(i);
  }
  return strides;
}

StridedCopy::StridedCopy(const Dims& extents, const Dims& from, const Dims& to)
    : extents_({1, 1}), from_({0, 0}), to_({0, 0}) {
  for (size_t i = 0; i < extents.size(); ++i) {
    elements_ *= extents[i];
    if (extents[i] == 1) continue;
    if (from_.back() == from[i] * extents[i] && to_.back() == to[i] * extents[i] &&
        extents_.back() > 1) {
      extents_.back() *= extents[i];
      from_.back() = from[i];
      to_.back() = to[i];
    } else {
      extents_.push_back(extents[i]);
      from_.push_back(from[i]);
      to_.push_back(to[i]);
    }
  }
  // The order of the loops is free: bring the dimension along which the source is dense inside.
  const int last = static_cast<int>(extents_.size()) - 1;
  for (int d = 2; d < last - 1 && from_[last] != 1 && from_[last] != 0; ++d) {
    if (from_[d] != 1) continue;
    for (Dims* dims : {&extents_, &from_, &to_}) {
      std::rotate(dims->begin() + d, dims->begin() + d + 1, dims->begin() + last);
    }
    break;
  }
}

void StridedCopy::Run(DType dtype, const void* from, void* to) const {
  const auto run = [&]<typename T>(T*) { RunAs(static_cast<const T*>(from), static_cast<T*>(to)); };
  if (dtype == kString) return run(static_cast<std::string*>(nullptr));
  switch (DTypeSize(dtype)) {
    case 1:
      return run(static_cast<uint8_t*>(nullptr));
    case 2:
      return run(static_cast<uint16_t*>(nullptr));
    case 4:
      return run(static_cast<uint32_t*>(nullptr));
    default:
      return run(static_cast<uint64_t*>(nullptr));
  }
}

template <typename T>
void StridedCopy::RunAs(const T* from, T* to) const {
  if (elements_ == 0) return;
  const int outer = static_cast<int>(extents_.size()) - 2;
  const int64_t rows = extents_[outer], columns = extents_[outer + 1];
  // A unit of work is a tile's height of rows.
  const int64_t tiles = (rows + kTile - 1) / kTile;
  const int64_t units = elements_ / (rows * columns) * tiles;
  const int64_t unit = std::min(rows, kTile) * columns;
  ParallelFor(units, std::max<int64_t>(1, kGrain / unit), [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      int64_t rest = at / tiles, a = 0, b = 0;
      for (int d = outer - 1; d >= 0; --d) {
        const int64_t index = rest % extents_[d];
        rest /= extents_[d];
        a += index * from_[d];
        b += index * to_[d];
      }
      const int64_t row = at % tiles * kTile;
      Inner(from + a, to + b, row, std::min(rows, row + kTile));
    }
  });
}

template <typename T>
void StridedCopy::Inner(const T* from, T* to, int64_t begin, int64_t end) const {
  const int last = static_cast<int>(extents_.size()) - 1;
  const int64_t columns = extents_[last];
  const int64_t row_from = from_[last - 1], row_to = to_[last - 1];
  const int64_t step = from_[last], step_to = to_[last];
  if (step_to == 1 && (step == 1 || step == 0)) {
    for (int64_t i = begin; i < end; ++i) {
      const T* source = from + i * row_from;
      if (step == 1) {
        std::copy_n(source, columns, to + i * row_to);
      } else {
        std::fill_n(to + i * row_to, columns, *source);
      }
    }
    return;
  }
  for (int64_t block = 0; block < columns; block += kTile) {
    const int64_t block_end = std::min(columns, block + kTile);
    for (int64_t i = begin; i < end; ++i) {
      const T* source = from + i * row_from;
      T* target = to + i * row_to;
      for (int64_t j = block; j < block_end; ++j) target[j * step_to] = source[j * step];
    }
  }
}

}  // namespace viv
