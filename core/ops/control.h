// Builder functions of control flow: loops, branches and calls, whose bodies are functions. A body
// is built once, by a C++ function that gets a builder for it; it may use outputs of the graph
// around it freely (also reads of variables), but holds no variables and no updates of its own.
//
// Random ops in a loop draw other numbers in each step. A node without results, such as a check,
// runs inside a body only where a result of the body is built After() it.
#ifndef VIV_CORE_OPS_CONTROL_H_
#define VIV_CORE_OPS_CONTROL_H_

#include <functional>
#include <initializer_list>
#include <utility>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

// Outputs by number. After an error of the builder nobody knows how many there are: then every
// number gives an invalid one.
class Outputs {
 public:
  Outputs() = default;
  Outputs(std::initializer_list<Output> values) : values_(values) {}
  Outputs(std::vector<Output> values) : values_(std::move(values)) {}  // NOLINT: a vector will do

  Output operator[](size_t i) const { return i < values_.size() ? values_[i] : Output(); }
  size_t size() const { return values_.size(); }
  std::vector<Output>::const_iterator begin() const { return values_.begin(); }
  std::vector<Output>::const_iterator end() const { return values_.end(); }

 private:
  std::vector<Output> values_;
};

// What a step of a Scan returns, and what a whole Scan does.
struct ScanValues {
  // The values that go from step to step: as many as there are initial ones, of the same types and
  // shapes.
  Outputs carries;
  // Of a step: any values. Of the Scan: those of all steps, stacked along a new first dimension.
  Outputs outputs;
};

// Gets the carries and one row of each sequence.
using ScanBody =
    std::function<ScanValues(const GraphBuilder& b, const Outputs& carries, const Outputs& rows)>;

struct ScanOptions {
  // The number of steps where there are no sequences.
  int64_t length = -1;
  // From the last row to the first. Outputs stay beside the rows that they belong to.
  bool reverse = false;
};

// Runs `body` once for each row of `sequences`, which have the same first extent. The gradient is a
// Scan in the other direction over values that the first one saved, and has a gradient itself.
ScanValues Scan(BuilderRef b, const std::vector<Output>& initial,
                const std::vector<Output>& sequences, const ScanBody& body,
                ScanOptions options = {});

}  // namespace viv

#endif  // VIV_CORE_OPS_CONTROL_H_
