// Pieces of a loop's gradient.
#ifndef VIV_CORE_OPS_LOOP_PARTS_H_
#define VIV_CORE_OPS_LOOP_PARTS_H_

#include "core/ops/function_gradient.h"

namespace viv {

// Captures of a loop whose gradient in each step is a product.
struct LoopProducts {
  std::vector<int> captures;
  std::vector<Output> factors;  // in the body: A and B of each

  // Takes the gradient in where it is a product A^T B of matrices of known width: that of the
  // matrix of a layer.
  bool Take(int capture, const Gradient& gradient);
  // Sets each capture's gradient: the sum over the steps of A^T B, out of what the loop stacked of
  // A and B, which are `stacked` from `first` on.
  void SetGradients(GradientContext& c, const std::vector<Output>& stacked, size_t first) const;
};

// Gives a loop node of so many steps (-1: unknown) the forward body with its new outputs.
void SaveResiduals(Node& node, int64_t steps, const FunctionGradient::Parts& parts);

}  // namespace viv

#endif  // VIV_CORE_OPS_LOOP_PARTS_H_
