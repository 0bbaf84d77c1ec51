// The gradient of Cond.
#ifndef VIV_CORE_OPS_COND_GRADIENT_H_
#define VIV_CORE_OPS_COND_GRADIENT_H_

#include "core/graph/gradient_context.h"

namespace viv {

// A Cond over the backward functions of both branches; a value that both use gets one gradient.
absl::Status CondGradient(GradientContext& c);

}  // namespace viv

#endif  // VIV_CORE_OPS_COND_GRADIENT_H_
