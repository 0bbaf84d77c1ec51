// Computes one node at once, outside of any run: for folding.
#ifndef VIV_CORE_RUNTIME_EVALUATE_H_
#define VIV_CORE_RUNTIME_EVALUATE_H_

#include <vector>

#include "absl/types/span.h"
#include "core/graph/shape_context.h"
#include "core/runtime/launch_plan.h"

namespace viv {

// The outputs of a pure node on the CPU for these values of its inputs. NotFound where it has no
// kernel; the errors of its shape function and kernel. `callables` may be empty: then a node that
// runs functions is Unimplemented.
absl::StatusOr<std::vector<Tensor>> EvaluateNode(const Node& node, absl::Span<const Tensor> inputs,
                                                 const CallableFactory& callables);

// Shapes of the results of functions as their kernels will have them, for shape functions.
ShapeContext::FunctionShapesFn FunctionShapesBy(const CallableFactory& callables);

// The kernel for these inputs. ResourceExhausted where its tables do not fit into memory.
absl::StatusOr<std::unique_ptr<Kernel>> CreateKernel(const KernelDef& def, const KernelInit& init);

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_EVALUATE_H_
