// Pieces of a loop's gradient.
#ifndef VIV_CORE_OPS_LOOP_PARTS_H_
#define VIV_CORE_OPS_LOOP_PARTS_H_

#include "core/ops/function_gradient.h"

namespace viv {

// Whether the gradient is a product A^T B of matrices of known width: that of the matrix of a
// layer.
bool IsProduct(const Gradient& gradient);

// Captures of a loop whose gradient in each step is a product.
struct LoopProducts {
  std::vector<int> captures;
  std::vector<Output> factors;  // in the body: A and B of each

  void Add(int capture, const Gradient& gradient);
  // The sum over the steps of A^T B for product i, out of what the loop stacked of A and B.
  Output Sum(BuilderRef b, size_t i, Output stacked_a, Output stacked_b) const;
};

// Gives a loop node of so many steps (-1: unknown) the forward body with its new outputs.
void SaveResiduals(Node& node, int64_t steps, const FunctionGradient::Parts& parts);

}  // namespace viv

#endif  // VIV_CORE_OPS_LOOP_PARTS_H_
