// Copies a box of elements between two places in memory, each with strides of its own: the heart of
// Transpose, BroadcastTo, Slice and their like.
#ifndef VIV_CORE_KERNELS_CPU_STRIDED_COPY_H_
#define VIV_CORE_KERNELS_CPU_STRIDED_COPY_H_

#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"

namespace viv {

// Strides of a dense tensor, in elements.
Dims DenseStrides(const Shape& shape);

class StridedCopy {
 public:
  StridedCopy() = default;
  // A box of `extents`; strides in elements. Those of `from` may be 0 or negative, those of `to`
  // give each element a place of its own.
  StridedCopy(const Dims& extents, const Dims& from, const Dims& to);

  // Copies elements of `dtype` between the places of the box's first element. Parallel inside.
  void Run(DType dtype, const void* from, void* to) const;

 private:
  template <typename T>
  void RunAs(const T* from, T* to) const;
  // The two innermost loops, [begin, end) of the outer one.
  template <typename T>
  void Inner(const T* from, T* to, int64_t begin, int64_t end) const;

  int64_t elements_ = 1;
  // The last two dimensions are the inner loops; without dimensions of their own they have
  // extent 1. In the last one either both strides are 1, or the other inner dimension has stride 1
  // in `from`.
  Dims extents_, from_, to_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_STRIDED_COPY_H_
