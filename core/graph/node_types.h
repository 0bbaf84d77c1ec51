// Resolves the type variables of an op.
#ifndef VIV_CORE_GRAPH_NODE_TYPES_H_
#define VIV_CORE_GRAPH_NODE_TYPES_H_

#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace viv {

// The types of the outputs of `op` for these inputs and complete attributes. An error where the
// number or the types of the inputs do not fit.
absl::StatusOr<std::vector<DType>> OutputTypes(const OpDef& op, const std::vector<Output>& inputs,
                                               const AttrMap& attrs);

// The type variable of a spec; of "wide T" it is "T", with `wide` set. Empty: none.
std::string TypeVariableOf(const TypeSpec& spec, bool* wide);
// float for a floating-point type of 16 bits, else the type itself.
DType Widened(DType type);

// The index into op.inputs that input `i` of `num_inputs` belongs to.
int InputDefIndex(const OpDef& op, int num_inputs, int i);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_NODE_TYPES_H_
