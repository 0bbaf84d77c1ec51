// Learning rates as a function of the number of updates, computed in the graph.
#ifndef VIV_CORE_TRAIN_SCHEDULE_H_
#define VIV_CORE_TRAIN_SCHEDULE_H_

#include <cstdint>

#include "core/graph/builder.h"

namespace viv {

// A constant rate, or a rate that rises from 0 and then falls; a cheap value:
//
//   Adam{.learning_rate = Schedule(2e-3f).WarmUp(300).HalveEvery(2000, /*begin=*/3000)}
class Schedule {
 public:
  Schedule(float rate) : rate_(rate) {}  // NOLINT: a number is a constant schedule

  // Rises in a straight line over the first `updates`.
  Schedule WarmUp(int64_t updates) const;
  // From update `begin` on falls by half every `updates`.
  Schedule HalveEvery(int64_t updates, int64_t begin) const;
  // From update `begin` on falls in a straight line to 0 at update `end`.
  Schedule FallToZero(int64_t begin, int64_t end) const;
  // From update `begin` on falls with the inverse square root of the update's number (Vaswani et
  // al. 2017).
  Schedule InverseSqrt(int64_t begin) const;

  // The rate of an update: `update`: a float scalar that counts from 1 -> a float scalar.
  Output Build(BuilderRef b, Output update) const;

 private:
  enum class Fall { kNone, kHalve, kLine, kInverseSqrt };

  float rate_;
  int64_t warm_up_ = 0;
  Fall fall_ = Fall::kNone;
  int64_t begin_ = 0;
  int64_t length_ = 1;
};

}  // namespace viv

#endif  // VIV_CORE_TRAIN_SCHEDULE_H_
