// Functions of a graph, made ready for the kernels of Cond, Scan and While.
#ifndef VIV_CORE_RUNTIME_FUNCTIONS_H_
#define VIV_CORE_RUNTIME_FUNCTIONS_H_

#include <memory>

#include "core/passes/optimize.h"
#include "core/runtime/executor.h"

namespace viv {

// Makes Callables of the functions of `library` by name: the body goes through the passes and gets
// an executor of its own, once. Errors: no function has the name, its body holds variables or
// updates. The Callables are valid as long as a copy of the factory is. `check_numerics`: see
// Executor.
CallableFactory MakeCallables(std::shared_ptr<FunctionLibrary> library, const PassOptions& passes,
                              bool check_numerics = false);

// The passes over a program's graph, with folding by the CPU's kernels.
absl::StatusOr<PassReport> OptimizeForCpu(ProgramGraph& graph, const PassOptions& passes);

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_FUNCTIONS_H_
