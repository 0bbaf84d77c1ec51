// Results of the forward pass that gradients compute again in place of keeping them: T. Chen et
// al., "Training deep nets with sublinear memory cost", 2016.
#ifndef VIV_CORE_AUTODIFF_RECOMPUTATION_H_
#define VIV_CORE_AUTODIFF_RECOMPUTATION_H_

#include <map>
#include <set>

#include "core/graph/builder.h"

namespace viv {

// Copies of the nodes that GraphBuilder::Recomputing() marked. Kept all the same is what is
// expensive to compute (products, convolutions, recurrent layers, attention, functions), what is
// random, and what no gradient flows into (there convolutions take in what is behind them). A copy
// has the bits of its original.
class Recomputation {
 public:
  // `depends`: the nodes that a gradient may flow through.
  Recomputation(const GraphBuilder& b, const std::set<const Node*>* depends)
      : builder_(b), depends_(*depends) {}

  // The output, or that of a copy which is not computed before `signal` is: the gradient that
  // flows into whoever asks first.
  Output Again(Output output, Output signal);

 private:
  const GraphBuilder& builder_;
  const std::set<const Node*>& depends_;
  std::map<const Node*, Node*> copies_;
};

}  // namespace viv

#endif  // VIV_CORE_AUTODIFF_RECOMPUTATION_H_
