// What the tests of element-wise ops and reductions share: random tensors of any type, their
// elements as numbers, and what a type can hold.
#ifndef VIV_TESTS_CORE_ELEMENTWISE_CASES_H_
#define VIV_TESTS_CORE_ELEMENTWISE_CASES_H_

#include <cmath>
#include <vector>

#include "run_graph.h"

namespace viv {

// Calls f.operator()<T>() with the C++ type of a numeric or boolean dtype.
template <typename F>
auto WithType(DType dtype, F f) {
  switch (dtype) {
    case kDouble:
      return f.template operator()<double>();
    case kBFloat16:
      return f.template operator()<BFloat16>();
    case kHalf:
      return f.template operator()<Half>();
    case kInt8:
      return f.template operator()<int8_t>();
    case kUInt8:
      return f.template operator()<uint8_t>();
    case kInt32:
      return f.template operator()<int32_t>();
    case kInt64:
      return f.template operator()<int64_t>();
    case kBool:
      return f.template operator()<bool>();
    default:
      return f.template operator()<float>();
  }
}

template <typename T>
T NumberAs(double value) {
  if constexpr (std::is_same_v<T, BFloat16> || std::is_same_v<T, Half>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value >= 1;
  } else {
    return static_cast<T>(value);
  }
}

// Uniform in [low, high), as `dtype` holds it; booleans are whether the number is 1 or more.
inline Tensor RandomOf(DType dtype, const Shape& shape, double low, double high, uint64_t seed) {
  return WithType(dtype, [&]<typename T>() {
    RandomStream stream(seed);
    auto tensor = Tensor::Make(dtype, shape);
    EXPECT_TRUE(tensor.ok());
    for (T& v : tensor->template mutable_flat<T>()) {
      v = NumberAs<T>(low + (high - low) * stream.Uniform());
    }
    return *tensor;
  });
}

// `value` as `dtype` holds it.
inline double Stored(double value, DType dtype) {
  return WithType(dtype, [&]<typename T>() {
    auto tensor = Tensor::Make(dtype, {});
    tensor->template mutable_data<T>()[0] = NumberAs<T>(value);
    return tensor->ElementAsDouble(0);
  });
}

// The relative error that one rounding in float and one to `dtype` may leave.
inline double Unit(DType dtype) {
  switch (dtype) {
    case kFloat:
      return 4e-7;
    case kDouble:
      return 1e-14;
    case kBFloat16:
      return 8e-3;
    case kHalf:
      return 1e-3;
    default:
      return 0;
  }
}

// The elements of x broadcast to `shape`.
inline std::vector<double> BroadcastValues(const Tensor& x, const Shape& shape) {
  std::vector<double> values(shape.num_elements());
  for (int64_t i = 0; i < shape.num_elements(); ++i) {
    int64_t rest = i, at = 0, stride = 1;
    for (int d = shape.rank() - 1; d >= 0; --d) {
      const int64_t index = rest % shape.dim(d);
      rest /= shape.dim(d);
      const int in_x = d - (shape.rank() - x.rank());
      if (in_x < 0) continue;
      at += x.dim(in_x) == 1 ? 0 : index * stride;
      stride *= x.dim(in_x);
    }
    values[i] = x.ElementAsDouble(at);
  }
  return values;
}

}  // namespace viv

#endif  // VIV_TESTS_CORE_ELEMENTWISE_CASES_H_
