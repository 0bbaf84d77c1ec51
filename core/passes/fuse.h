// What the passes that fuse nodes share.
#ifndef VIV_CORE_PASSES_FUSE_H_
#define VIV_CORE_PASSES_FUSE_H_

#include "core/passes/program_graph.h"

namespace viv {

// Whether no hint says that the node is for another device, which has kernels of its own.
inline bool OnCpu(const Node& node) {
  return node.device().empty() || node.device().find("cpu") != std::string::npos;
}

// Puts into a convolution what follows it alone and for each channel: a factor, a shift, ReLU,
// which are what is left of batch norm in inference. Filters are scaled in place of results, which
// rounds otherwise; all else stays what it was, bit for bit. Before LowerPrecision. Returns how
// many nodes it replaced.
absl::StatusOr<int> FuseConvolutions(ProgramGraph& graph);

}  // namespace viv

#endif  // VIV_CORE_PASSES_FUSE_H_
