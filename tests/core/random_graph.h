// Random small graphs: many ops and shapes (scalars, size 0, size 1, broadcasting), extents that
// are declared or not, nested branches, loops and calls, variables with updates, device hints.
#ifndef VIV_TESTS_CORE_RANDOM_GRAPH_H_
#define VIV_TESTS_CORE_RANDOM_GRAPH_H_

#include <vector>

#include "core/graph/builder.h"
#include "core/runtime/session.h"

namespace viv {

struct RandomGraph {
  GraphBuilder b;
  // What to feed, and what may be fetched: values and targets that update variables.
  Feeds feeds;
  std::vector<Output> values;
  std::vector<Output> updates;
  // Fed values and variables through which a gradient may flow.
  std::vector<Output> inputs;
};

// The same for the same seed. `smooth`: its values change smoothly with the inputs, so that they
// can be compared with differences. Values stay within a few thousand.
RandomGraph MakeRandomGraph(uint64_t seed, bool smooth);

}  // namespace viv

#endif  // VIV_TESTS_CORE_RANDOM_GRAPH_H_
