// Steps of a loop's gradient that did not happen.
#ifndef VIV_CORE_OPS_LOOP_MASK_H_
#define VIV_CORE_OPS_LOOP_MASK_H_

#include <string>

#include "core/graph/builder.h"

namespace viv {

// Of a function whose results take the places of its first arguments: the name of a new one with
// the same arguments, which returns those as they are where argument `active`, a boolean scalar,
// is false. Empty after an error, which the builder keeps.
std::string MaskedStep(const GraphBuilder& b, const std::string& step, int active);

}  // namespace viv

#endif  // VIV_CORE_OPS_LOOP_MASK_H_
