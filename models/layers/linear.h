// Fully connected layers and embedding tables.
#ifndef VIV_MODELS_LAYERS_LINEAR_H_
#define VIV_MODELS_LAYERS_LINEAR_H_

#include <string>

#include "core/ops/state.h"

namespace viv {

// y = x W + bias over the last axis.
class Linear {
 public:
  Linear() = default;
  // Variables "<name>/weight" [inputs, outputs] (Glorot) and, with `bias`, "<name>/bias" (zeros).
  Linear(BuilderRef b, const std::string& name, int64_t inputs, int64_t outputs, bool bias = true);

  // x: [..., inputs], of rank 2 or 3 -> [..., outputs].
  Output Apply(BuilderRef b, Output x) const;
  // [inputs, outputs]
  Output weight() const { return weight_.Read(); }

 private:
  int64_t inputs_ = 0, outputs_ = 0;
  Variable weight_, bias_;
};

// x: [T, B, D] -> [T * B, D], and back, where `like` has the T and B.
Output FlattenTime(BuilderRef b, Output x, int64_t columns);
Output UnflattenTime(BuilderRef b, Output x, Output like, int64_t columns);

}  // namespace viv

#endif  // VIV_MODELS_LAYERS_LINEAR_H_
