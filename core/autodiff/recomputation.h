// Results of the forward pass that gradients compute again in place of keeping them: T. Chen et
// al., "Training deep nets with sublinear memory cost", 2016.
#ifndef VIV_CORE_AUTODIFF_RECOMPUTATION_H_
#define VIV_CORE_AUTODIFF_RECOMPUTATION_H_

#include <map>

#include "core/graph/builder.h"

namespace viv {

// Copies of the nodes that GraphBuilder::Recomputing() marked. Kept all the same is what is
// expensive to compute (products, convolutions, recurrent layers, attention, functions), what is
// random, and what no gradient flows into. A copy has the bits of its original.
class Recomputation {
 public:
  explicit Recomputation(const GraphBuilder& b) : builder_(b) {}

  // The output, or that of a copy which is not computed before `signal` is: the gradient that
  // flows into whoever asks first.
  Output Again(Output output, Output signal);

 private:
  const GraphBuilder& builder_;
  std::map<const Node*, Node*> copies_;
};

}  // namespace viv

#endif  // VIV_CORE_AUTODIFF_RECOMPUTATION_H_
