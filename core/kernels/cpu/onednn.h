// oneDNN for kernels: its engine, and running a primitive.
#ifndef VIV_CORE_KERNELS_CPU_ONEDNN_H_
#define VIV_CORE_KERNELS_CPU_ONEDNN_H_

#include <cstdint>
#include <initializer_list>

#include "absl/status/status.h"
#include "dnnl.hpp"

namespace viv {

// The machine's. Never destroyed.
const dnnl::engine& OnednnEngine();

// A tensor of a primitive, as DNNL_ARG_...; written where it is an output.
struct OnednnArg {
  int name;
  const dnnl::memory::desc& desc;
  const void* data;
};
// Runs a primitive, on the threads that it was made for. Safe for concurrent use where its
// scratchpad is an argument.
absl::Status RunPrimitive(const dnnl::primitive& primitive, std::initializer_list<OnednnArg> args);

// A number for each form in which a filter is packed, the same for equal ones: the packing cache's
// name for it.
uint64_t FormOf(const dnnl::memory::desc& desc);

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ONEDNN_H_
