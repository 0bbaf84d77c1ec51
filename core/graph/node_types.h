// Resolves the type variables of an op.
#ifndef VIV_CORE_GRAPH_NODE_TYPES_H_
#define VIV_CORE_GRAPH_NODE_TYPES_H_

#include <vector>

#include "core/graph/graph.h"

namespace viv {

// The types of the outputs of `op` for these inputs and complete attributes. An error where the
// number or the types of the inputs do not fit.
absl::StatusOr<std::vector<DType>> OutputTypes(const OpDef& op, const std::vector<Output>& inputs,
                                               const AttrMap& attrs);

// The index into op.inputs that input `i` of `num_inputs` belongs to.
int InputDefIndex(const OpDef& op, int num_inputs, int i);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_NODE_TYPES_H_
