// The gradient of a function that a node runs at most once: what Call and Cond share.
#ifndef VIV_CORE_OPS_BRANCH_GRADIENT_H_
#define VIV_CORE_OPS_BRANCH_GRADIENT_H_

#include <string>
#include <vector>

#include "core/ops/function_gradient.h"

namespace viv {

// A function of the node under differentiation.
struct Branch {
  // The attribute that names it.
  std::string function;
  // Its arguments are as many inputs of the node, from here on.
  int first_input = 0;
  int num_inputs = 0;
  // By result: the node's output that it is, in rising order.
  std::vector<int64_t> outputs;
};

// Outputs that one branch made the node save values in, which another one may use too.
using SharedOutputs = std::vector<Output>;

class BranchGradient {
 public:
  // Differentiates the results into which a gradient flows.
  static absl::StatusOr<BranchGradient> Create(GradientContext& c, Branch branch);

  // Whether a gradient flows into the argument; -1 stands for none.
  bool Flows(int argument) const { return argument >= 0 && gradients_[argument].valid(); }

  // The backward function's next result: the gradient in an argument, zeros where none flows.
  void AddResult(int argument);
  // Or zeros like an output of the graph around.
  absl::Status AddZeros(Output like);
  // Makes the function the one that saves what its gradient needs, in new outputs of the node or in
  // some of `shared`, to which the new ones are added. To be called once, after all results.
  absl::Status Finish(SharedOutputs& shared);

  // What Finish made: the backward function, what it is to be given, and branch().outputs with the
  // saved values.
  const std::string& backward() const { return backward_; }
  const std::vector<Output>& inputs() const { return inputs_; }
  const Branch& branch() const { return branch_; }

 private:
  BranchGradient(GradientContext& c, Branch branch, FunctionGradient function)
      : c_(&c), branch_(std::move(branch)), function_(std::move(function)) {}
  absl::Status Differentiate();
  void SaveIn(DType dtype, const PartialShape& shape, SharedOutputs& shared);

  GradientContext* c_;
  Branch branch_;
  FunctionGradient function_;
  std::vector<Gradient> gradients_;  // by argument
  std::vector<Output> results_;
  std::string backward_;
  std::vector<Output> inputs_;
};

}  // namespace viv

#endif  // VIV_CORE_OPS_BRANCH_GRADIENT_H_
