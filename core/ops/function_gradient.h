// The gradient of a function: what gradient functions of Call, Cond, Scan and While share.
//
// A copy of the function's body and its gradient are built in one graph. Taken apart again they are
// two functions: the forward one, which returns on top of its results the values that the gradient
// needs (residuals), and the backward one, which takes them.
#ifndef VIV_CORE_OPS_FUNCTION_GRADIENT_H_
#define VIV_CORE_OPS_FUNCTION_GRADIENT_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/graph/gradient_context.h"

namespace viv {

// A gradient in x as one tensor; invalid where none flows.
Output DenseGradient(const GraphBuilder& b, const Gradient& gradient, Output x);

class FunctionGradient {
 public:
  // For the function that `attr` of the node under differentiation names, and its first results:
  // the node need not compute all of them.
  static absl::StatusOr<FunctionGradient> Create(const GradientContext& c, const std::string& attr,
                                                 int num_results);

  const Function& function() const { return *function_; }
  // Builds in the copy.
  const GraphBuilder& builder() const { return builder_; }
  Output argument(int i) const { return copy_->arguments()[i]->out(); }
  Output result(int i) const { return copy_->results()[i]; }
  // Another argument of the backward function; they come first, in the order of these calls.
  absl::StatusOr<Output> AddArgument(DType dtype, const PartialShape& shape);
  // Takes one back that nothing uses.
  void DropArgument(Output argument);
  // The gradients of results in arguments of the copy, where `initial` flows into the results.
  absl::StatusOr<std::vector<Gradient>> Differentiate(const std::vector<Output>& results,
                                                      const std::vector<Output>& initial,
                                                      const std::vector<Output>& arguments);

  struct Parts {
    std::string forward, backward;
    // Results of the forward function that are arguments of the backward one, in its order.
    std::vector<int> residuals;
    // Of the forward function's results beyond the function's own.
    std::vector<DType> new_types;
    std::vector<PartialShape> new_shapes;
    // Arguments of the function that follow the residuals.
    std::vector<int> kept;
  };
  // Takes the copy apart. `results`: of the backward function. `keep`: by argument, whether the
  // backward function can be given it; else its value becomes a residual. Results of the function
  // before `first_visible` cannot serve as residuals. To be called once.
  absl::StatusOr<Parts> Split(const std::vector<Output>& results, const std::vector<bool>& keep,
                              int first_visible);
  // All of it as one function, which takes AddArgument()'s and the function's own arguments. To be
  // called once.
  absl::StatusOr<std::string> Whole(const std::vector<Output>& results);

 private:
  FunctionGradient(const GradientContext& c, const Function* function,
                   std::unique_ptr<Function> copy);
  bool IsForward(const Node* node) const { return node->id() < first_new_; }
  // Outputs of forward nodes that the gradient needs for `results`.
  std::set<Output> Crossing(const std::vector<Output>& results) const;
  absl::Status BuildForward(const std::vector<Output>& results, Parts& parts);
  absl::Status BuildBackward(const std::vector<Output>& results,
                             const std::vector<Output>& residuals, const std::vector<Output>& kept,
                             const std::vector<Output>& constants, Parts& parts);

  const GradientContext& context_;
  const Function* function_;
  std::unique_ptr<Function> copy_;
  GraphBuilder builder_;
  int first_new_ = 0;
  std::vector<Node*> added_;
};

}  // namespace viv

#endif  // VIV_CORE_OPS_FUNCTION_GRADIENT_H_
