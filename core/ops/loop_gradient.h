// The gradient of loops. A loop node (Scan, While) has inputs and its body arguments in the order
// carries, sequences, captures; outputs and the body's results are carries, then values of each
// step, which the node stacks along a new first dimension.
#ifndef VIV_CORE_OPS_LOOP_GRADIENT_H_
#define VIV_CORE_OPS_LOOP_GRADIENT_H_

#include "core/graph/gradient_context.h"

namespace viv {

struct LoopLayout {
  int carries = 0;
  int sequences = 0;
  bool reverse = false;
  // The number of steps, or -1: then `rows` has as many rows, whatever they are.
  int64_t steps = -1;
  Output rows;
  // `rows` are booleans: whether there was such a step. Only without sequences.
  bool masked = false;

  // Whether the backward loop runs over `rows`: as its mask, or only so that it knows its length.
  bool has_rows() const { return steps < 0 || masked; }
  bool IsCarry(int input) const { return input < carries; }
  bool IsCapture(int input) const { return input >= carries + sequences; }
};

// The node gets more outputs, in which it saves what the gradient needs; the gradient is a Scan
// against the direction of the loop. Reads the attributes "body" and "types".
absl::Status LoopGradient(GradientContext& c, const LoopLayout& layout);

}  // namespace viv

#endif  // VIV_CORE_OPS_LOOP_GRADIENT_H_
