// What an op's gradient function sees, and where it puts its results. It only builds nodes: the
// gradient is a graph like any other.
#ifndef VIV_CORE_GRAPH_GRADIENT_CONTEXT_H_
#define VIV_CORE_GRAPH_GRADIENT_CONTEXT_H_

#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/graph/builder.h"

namespace viv {

// The gradient with respect to one tensor: dense, or, from a gather, only rows: values[i] belongs
// to row indices[i] of the outermost dimension, repeated rows add up.
struct Gradient {
  Output dense;
  Output indices;  // [N], int32 or int64
  Output values;   // [N, ...]

  bool valid() const { return dense.valid() || values.valid(); }
  bool sparse() const { return values.valid(); }
};

class GradientContext {
 public:
  // Gradients() of core/autodiff, for ops that run functions: differentiates in another graph.
  using GradientsFn = absl::StatusOr<std::vector<Gradient>> (*)(const GraphBuilder&,
                                                                const std::vector<Output>& ys,
                                                                const std::vector<Output>& xs,
                                                                const std::vector<Output>& initial);

  // `again`: what stands for an output of the forward pass, itself where it is kept.
  using AgainFn = std::function<Output(Output)>;

  GradientContext(const GraphBuilder& builder, Node* node, std::vector<Output> output_gradients,
                  std::vector<bool> needed, GradientsFn gradients, AgainFn again)
      : builder_(builder),
        node_(node),
        output_gradients_(std::move(output_gradients)),
        needed_(std::move(needed)),
        input_gradients_(node->num_inputs()),
        gradients_(gradients),
        again_(std::move(again)) {}

  // Where to build; passes for the BuilderRef of every builder function.
  const GraphBuilder& builder() const { return builder_; }
  const Node& node() const { return *node_; }
  // For ops that save more of what they compute when somebody differentiates them.
  Node& mutable_node() const { return *node_; }
  const AttrMap& attrs() const { return node_->attrs(); }
  int num_inputs() const { return node_->num_inputs(); }
  Output input(int i) const { return again_(node_->input(i)); }
  Output output(int i) const { return again_(Output(node_, i)); }

  // Whether a gradient flows into output i.
  bool has_grad(int i) const { return output_gradients_[i].valid(); }
  // The gradient of the sum of all ys with respect to output i; invalid where none flows.
  Output grad(int i = 0) const { return output_gradients_[i]; }
  // Whether anybody asks for the gradient of input i. Do not build what nobody needs.
  bool needed(int i) const { return needed_[i]; }

  GradientsFn gradients() const { return gradients_; }

  // Leaving an input out says: no gradient flows into it.
  void SetGrad(int i, Output gradient) { input_gradients_[i] = Gradient{.dense = gradient}; }
  void SetSparseGrad(int i, Output indices, Output values) {
    input_gradients_[i] = Gradient{.indices = indices, .values = values};
  }
  const std::vector<Gradient>& input_gradients() const { return input_gradients_; }

 private:
  const GraphBuilder& builder_;
  Node* node_;
  std::vector<Output> output_gradients_;
  std::vector<bool> needed_;
  std::vector<Gradient> input_gradients_;
  GradientsFn gradients_;
  AgainFn again_;
};

// Of ops whose output is input 0.
inline absl::Status UnchangedGradient(GradientContext& c) {
  c.SetGrad(0, c.grad());
  return absl::OkStatus();
}

}  // namespace viv

#endif  // VIV_CORE_GRAPH_GRADIENT_CONTEXT_H_
