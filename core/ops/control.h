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

// Gets the values, and returns whether to go on: a boolean scalar. Called twice: a graph asks at
// the start and after each step.
using WhileCondition = std::function<Output(const GraphBuilder& b, const Outputs& values)>;
// Gets the values, and returns those of the next step: as many, of the same types and shapes.
using WhileBody = std::function<Outputs(const GraphBuilder& b, const Outputs& values)>;

struct WhileOptions {
  // After so many steps the loop ends in any case; -1: no limit.
  int64_t max_steps = -1;
};

struct WhileValues {
  // As the last step left them; the initial ones where there was none.
  Outputs values;
  // How many steps there were: an int64 scalar.
  Output steps;
};

// Runs `body` as long as `condition` holds. The gradient is a Scan over what each step saved, and
// has a gradient itself; a run that computes it takes memory for each step. Where the While is
// inside another loop, it takes that for max_steps; without them, it must make as many steps each
// time.
WhileValues While(BuilderRef b, const std::vector<Output>& initial, const WhileCondition& condition,
                  const WhileBody& body, WhileOptions options = {});

// Gets a builder for the branch, and returns its results.
using BranchBody = std::function<Outputs(const GraphBuilder& b)>;

// The results of `then` where `predicate` (a boolean scalar) holds, else those of `otherwise`: as
// many, of the same types, but perhaps of other shapes. Only one of them runs, and a gradient flows
// only through that one: what the other one uses gets zeros.
Outputs Cond(BuilderRef b, Output predicate, const BranchBody& then, const BranchBody& otherwise);

// Runs a function that BuildFunction made, as often as you like:
//   const BuiltFunction cube = BuildFunction(b, "cube", {{kFloat, {-1}}}, body);
//   const Output y = Call(b, cube, {x})[0];
// Each call draws random numbers of its own.
Outputs Call(BuilderRef b, const BuiltFunction& function, const std::vector<Output>& inputs);

// Gets the inputs, and returns the results.
using ForwardBody = std::function<Outputs(const GraphBuilder& b, const Outputs& inputs)>;
// Gets the inputs, the results and the gradient that flows into each result (an invalid output
// where that is no floating-point number), and returns the gradient in each input, of its type and
// shape: an invalid output where none flows.
using BackwardBody = std::function<Outputs(const GraphBuilder& b, const Outputs& inputs,
                                           const Outputs& results, const Outputs& gradients)>;

// The results of `forward`, whose gradient is what `backward` says. It is differentiated in turn
// where somebody asks for a gradient of the gradient. Outputs of the graph around that `forward`
// uses without being given them get no gradient: asking for one is an error.
Outputs WithGradient(BuilderRef b, const std::vector<Output>& inputs, const ForwardBody& forward,
                     const BackwardBody& backward);

}  // namespace viv

#endif  // VIV_CORE_OPS_CONTROL_H_
