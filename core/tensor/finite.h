// Finds numbers that are none.
#ifndef VIV_CORE_TENSOR_FINITE_H_
#define VIV_CORE_TENSOR_FINITE_H_

#include <string>

#include "core/tensor/tensor.h"

namespace viv {

// Where the first NaN or infinity of a tensor is, in words: "nan at [1, 2], the first of 3 elements
// of float[4, 3] that are not finite". "" where all are finite, and for types that always are.
std::string DescribeNonFinite(const Tensor& tensor);

}  // namespace viv

#endif  // VIV_CORE_TENSOR_FINITE_H_
