// Decides on which device each node of a program runs.
#ifndef VIV_CORE_RUNTIME_PLACER_H_
#define VIV_CORE_RUNTIME_PLACER_H_

#include <map>
#include <vector>

#include "core/device/device_name.h"
#include "core/graph/graph.h"
#include "core/runtime/cost_model.h"

namespace viv {

struct PlacementOptions {
  // Full names; the first one takes what nothing else decides.
  std::vector<DeviceName> devices = {LocalCpu(0)};
  // A hint that no device fits is an error; else it is ignored.
  bool hard = false;
  // Where it is given, nodes without a hint are spread so that the run ends early (list scheduling
  // by upward rank: H. Topcuoglu et al., "Performance-effective and low-complexity task scheduling
  // for heterogeneous computing", 2002). Else they go where most of their input is.
  const CostModel* costs = nullptr;
};

// By node of `order` (each after its inputs) an index into the options' devices, and gives the node
// that device's full name. A variable, its reads and its updates are on one device. Hints are the
// nodes' device names; of hints that contradict each other through a variable the variable's own
// counts. InvalidArgument where a hint is malformed, or cannot be followed and `hard` is set.
absl::StatusOr<std::map<const Node*, int>> Place(const std::vector<Node*>& order,
                                                 const PlacementOptions& options);

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_PLACER_H_
