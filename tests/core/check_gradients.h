// Gradients of a graph against central differences in double.
#ifndef VIV_TESTS_CORE_CHECK_GRADIENTS_H_
#define VIV_TESTS_CORE_CHECK_GRADIENTS_H_

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/runtime/session.h"
#include "gtest/gtest.h"

namespace viv {

// Uniform in [-1, 1).
template <typename T>
Tensor Random(const Shape& shape, uint64_t seed) {
  RandomStream stream(seed);
  std::vector<T> values(shape.num_elements());
  for (T& v : values) v = static_cast<T>(2 * stream.Uniform() - 1);
  return Tensor::Of<T>(shape, values);
}

inline Feeds FeedsOf(const std::vector<Output>& inputs, const std::vector<Tensor>& values) {
  Feeds feeds;
  for (size_t i = 0; i < inputs.size(); ++i) feeds.push_back({inputs[i], values[i]});
  return feeds;
}

// Checks d loss / d inputs for double inputs of these values. `tolerance`: of gradients up to 1
// absolute, of greater ones relative.
inline void CheckGradients(const GraphBuilder& b, Output loss, const std::vector<Output>& inputs,
                           std::vector<Tensor> values, double tolerance = 1e-7) {
  const auto gradients = DenseGradients(b, {loss}, inputs);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto analytic = session->Run(FeedsOf(inputs, values), *gradients);
  ASSERT_TRUE(analytic.ok()) << analytic.status();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int64_t n = values[i].num_elements();
    for (int64_t j = 0; j < n; j += 1 + n / 24) {
      const double at = values[i].data<double>()[j], delta = 1e-5;
      double around[2];
      for (int side = 0; side < 2; ++side) {
        values[i].mutable_data<double>()[j] = at + (side == 0 ? delta : -delta);
        const auto run = session->Run(FeedsOf(inputs, values), {loss});
        ASSERT_TRUE(run.ok()) << run.status();
        around[side] = (*run)[0].scalar<double>();
      }
      values[i].mutable_data<double>()[j] = at;
      const double expected = (around[0] - around[1]) / (2 * delta);
      EXPECT_NEAR((*analytic)[i].data<double>()[j], expected,
                  tolerance * std::max(1.0, std::abs(expected)))
          << "input " << i << " element " << j;
    }
  }
}

}  // namespace viv

#endif  // VIV_TESTS_CORE_CHECK_GRADIENTS_H_
