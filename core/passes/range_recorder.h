// How large the images of a graph's convolutions get: what their inference in 8 bits is based on.
#ifndef VIV_CORE_PASSES_RANGE_RECORDER_H_
#define VIV_CORE_PASSES_RANGE_RECORDER_H_

#include <map>
#include <vector>

#include "absl/types/span.h"
#include "core/graph/graph.h"
#include "core/tensor/tensor.h"

namespace viv {

// Fetch `images` in runs with data like that to come, hand the values to See, and Write the ranges
// into the graph, which may then be saved.
class RangeRecorder {
 public:
  explicit RangeRecorder(Graph* graph);

  // What the float convolutions of the graph read, each once.
  const std::vector<Output>& images() const { return images_; }
  // The values of `images`.
  void See(absl::Span<const Tensor> values);
  // Sets the attribute `range` of convolutions whose images were never negative: to the mean over
  // the calls of See of what all but one in ten thousand of the elements do not exceed. Steps are
  // finer where rare large ones are cut off.
  void Write() const;

 private:
  struct Seen {
    double sum = 0;
    int calls = 0;
    bool negative = false;
  };
  Graph* const graph_;
  std::vector<Output> images_;
  std::map<Output, Seen> seen_;
};

}  // namespace viv

#endif  // VIV_CORE_PASSES_RANGE_RECORDER_H_
