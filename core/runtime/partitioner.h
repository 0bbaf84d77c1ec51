// Splits a placed program into one list of nodes for each device.
#ifndef VIV_CORE_RUNTIME_PARTITIONER_H_
#define VIV_CORE_RUNTIME_PARTITIONER_H_

#include <map>
#include <vector>

#include "core/passes/program_graph.h"

namespace viv {

// What a device runs, in order.
struct Partition {
  int device = 0;
  std::vector<Node*> order;
};

// Splits `order` by `placement`. Where a value is used on another device, a Send follows the node
// that makes it and a Receive goes before its first user there: one pair for each device, however
// many users it has. A control edge between devices becomes such a pair for a token. Constants and
// feeds are on every device that uses them. All lists keep to one common order, so devices that
// work through theirs and wait at each Receive never wait in a circle.
absl::StatusOr<std::vector<Partition>> MakePartitions(ProgramGraph& graph,
                                                      const std::vector<Node*>& order,
                                                      const std::map<const Node*, int>& placement);

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_PARTITIONER_H_
