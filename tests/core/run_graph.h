// Short ways to run a graph in a test.
#ifndef VIV_TESTS_CORE_RUN_GRAPH_H_
#define VIV_TESTS_CORE_RUN_GRAPH_H_

#include <string>
#include <vector>

#include "check_gradients.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {

// The values of `fetches`; invalid tensors and a failed test where the run fails.
inline std::vector<Tensor> RunOnce(const GraphBuilder& b, const std::vector<Output>& fetches,
                                   const Feeds& feeds = {}) {
  const std::vector<Tensor> none(fetches.size());
  auto session = Session::Create(b);
  EXPECT_TRUE(session.ok()) << session.status();
  if (!session.ok()) return none;
  auto result = session->Run(feeds, fetches);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : none;
}

// The error of building the graph, or else of running it; "" where both succeed.
inline std::string ErrorOf(const GraphBuilder& b, Output fetch, const Feeds& feeds = {}) {
  auto session = Session::Create(b);
  if (!session.ok()) return std::string(session.status().message());
  return std::string(session->Run(feeds, {fetch}).status().message());
}

// Checks the gradient of `loss` in `inputs`, and that of the sum of the gradient's squares.
inline void CheckTwice(const GraphBuilder& b, Output loss, const std::vector<Output>& inputs,
                       const std::vector<Tensor>& values, double tolerance = 1e-7,
                       double second_tolerance = 1e-6) {
  CheckGradients(b, loss, inputs, values, tolerance);
  const auto first = DenseGradients(b, {loss}, inputs);
  ASSERT_TRUE(first.ok()) << first.status();
  Output norm = Sum(b, Square(b, (*first)[0]));
  for (size_t i = 1; i < first->size(); ++i) norm = Add(b, norm, Sum(b, Square(b, (*first)[i])));
  CheckGradients(b, norm, inputs, values, second_tolerance);
}

// A loss whose first and second derivatives in y are not constant: the sum of w y^3, w random.
inline Output CubicLoss(const GraphBuilder& b, Output y) {
  const Output w = Const(b, Random<double>(y.shape().ToShape(), 99));
  return Sum(b, Mul(b, w, Mul(b, y, Square(b, y))));
}

// The values of an integer tensor.
inline std::vector<int64_t> Ints(const Tensor& t) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < t.num_elements(); ++i) values.push_back(t.ElementAsInt(i));
  return values;
}
inline std::vector<double> Doubles(const Tensor& t) {
  std::vector<double> values;
  for (int64_t i = 0; i < t.num_elements(); ++i) values.push_back(t.ElementAsDouble(i));
  return values;
}
// 0, 1, 2, ... of a type.
template <typename T>
Tensor Iota(const Shape& shape) {
  std::vector<T> values(shape.num_elements());
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(static_cast<float>(i));
  return Tensor::Of<T>(shape, values);
}

}  // namespace viv

#endif  // VIV_TESTS_CORE_RUN_GRAPH_H_
