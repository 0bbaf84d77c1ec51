// Automatic differentiation, graph to graph: the gradient is built of nodes like any other, so it
// can be differentiated again, optimised and placed.
#ifndef VIV_CORE_AUTODIFF_GRADIENTS_H_
#define VIV_CORE_AUTODIFF_GRADIENTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/gradient_context.h"

namespace viv {

// The gradients of sum(ys) with respect to each of `xs`, built with `b` in the graph of the ys.
// ys and xs: floating-point outputs of one graph, of any shape. `initial`, where not empty, holds
// for each y the gradient that flows into it, of y's shape; else ones.
//
// Where the ys were built by GraphBuilder::Recomputing(), what is cheap of them is computed again:
// see recomputation.h.
//
// An x on which no y depends gets an invalid Gradient. Errors: an op on the way has no gradient
// (named with its call site), an op's gradient function fails.
absl::StatusOr<std::vector<Gradient>> Gradients(const GraphBuilder& b,
                                                const std::vector<Output>& ys,
                                                const std::vector<Output>& xs,
                                                const std::vector<Output>& initial = {});

// As Gradients(), each as one dense tensor: rows are scattered, and an x on which nothing depends
// gets zeros.
absl::StatusOr<std::vector<Output>> DenseGradients(const GraphBuilder& b,
                                                   const std::vector<Output>& ys,
                                                   const std::vector<Output>& xs,
                                                   const std::vector<Output>& initial = {});

// A gradient with respect to `x` as one dense tensor of x's shape.
Output Densify(BuilderRef b, const Gradient& gradient, Output x);

}  // namespace viv

#endif  // VIV_CORE_AUTODIFF_GRADIENTS_H_
